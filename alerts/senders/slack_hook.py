"""Slack, by an incoming webhook: it takes messages and names none, so that each stands alone and none is changed.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

from dataclasses import replace

from ..messages.templates import Templates, packaged
from ..notification import Action, Notification
from ..notifier import NOT_SHOWN, Attempt
from .http import HttpSender, checked, origin
from .slack_blocks import blocks, fallback_text


class SlackHookNotifier:
    """Posts to one incoming webhook; its URL's path, a secret, is never shown. `InvalidReceiver` unless it is http(s) with a host.

    Beginnings, ends, and who took it on; a change that nobody waits for would be one message more.
    """

    def __init__(self, url: str, *, name: str = "slack", templates: Templates | None = None) -> None:
        self._templates = templates or packaged()
        self._url = checked(url, name)
        self._name = name
        self._http = HttpSender()

    def __repr__(self) -> str:
        return f"SlackHookNotifier({self._name!r}, {origin(self._url)})"

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Posts once. What is wrong is said as text with a status: 400, 403, 404 and 410 are final."""
        del reference
        if notification.action is Action.UPDATE:
            return NOT_SHOWN
        content = {"text": fallback_text(notification), "blocks": blocks(notification, self._templates)}
        answer = await self._http.post(self._url, content, now)
        said = answer.body.decode("ascii", "replace")
        if answer.status is None or answer.status < 400 or not said.replace("_", "").isalnum():
            return answer.attempt
        return replace(answer.attempt, reason=f"{answer.attempt.reason}: {said[:80]}")
