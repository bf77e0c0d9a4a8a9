"""From settings to who is told of alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..alerts import WebhookSender
from ..settings import Webhook


def senders_of(notify: Sequence[Webhook], page_url: str) -> Mapping[str, WebhookSender]:
    """The receivers' senders by name, `webhook-1` the first; messages link to the pages at `page_url`. Raises `InvalidReceiver`."""
    return {
        name: WebhookSender(
            str(hook.url),
            name=name,
            secret=hook.secret.get_secret_value() if hook.secret else None,
            external_url=page_url,
        )
        for name, hook in ((f"webhook-{number}", hook) for number, hook in enumerate(notify, start=1))
    }
