"""From settings to who is told of alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..alerts import Receiver, WebhookNotifier
from ..settings import Webhook


def notifiers_of(notify: Sequence[Webhook], page_url: str) -> Mapping[Receiver, WebhookNotifier]:
    """The ways to the receivers, `webhook-1` the first; messages link to `page_url`. Raises `InvalidReceiver`."""
    return {
        Receiver(name): WebhookNotifier(
            str(hook.url),
            name=name,
            secret=hook.secret.get_secret_value() if hook.secret else None,
            external_url=page_url,
        )
        for name, hook in ((f"webhook-{number}", hook) for number, hook in enumerate(notify, start=1))
    }
