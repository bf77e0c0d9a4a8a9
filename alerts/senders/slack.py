"""Slack, by a bot: one message an incident, changed in place, with what happened since in its thread.

https://docs.slack.dev/reference/methods/chat.postMessage and chat.update
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ..messages.templates import Templates, packaged
from ..notification import Action, Notification
from ..notifier import DELIVERED, Attempt, Outcome
from .http import Answer, HttpSender, checked, origin
from .slack_blocks import blocks, fallback_text

API_URL: Final = "https://slack.com/api"

PASSING: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Errors of the service's own, which time mends. All others are final: a wrong token, a channel that is not there."""

_GONE: Final = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
"""The message can't be changed any more, so that what happened is said anew."""


class SlackNotifier:
    """Posts to one channel as a bot. The token is never shown. `InvalidReceiver` unless the API's URL is http(s) with a host."""

    def __init__(
        self,
        token: str,
        channel: str,
        *,
        name: str = "slack",
        api_url: str = API_URL,
        templates: Templates | None = None,
    ) -> None:
        self._templates = templates or packaged()
        self._api = checked(api_url, name).rstrip("/")
        self._token = token
        self._channel = channel
        self._name = name
        self._http = HttpSender()

    def __repr__(self) -> str:
        return f"SlackNotifier({self._name!r}, {origin(self._api)}, {self._channel!r})"

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Posts what begins; changes the message of what goes on or ends, and says so in its thread, what is told again to the channel.

        `reference` is channel and time of the incident's message. Changing it again changes nothing, so that an attempt that got half
        way can be repeated.
        """
        if reference is None:
            return await self._post(notification, now)
        channel, _, time = reference.partition("/")
        shown = {"channel": channel, "ts": time, **self._shown(notification)}
        changed = await self._call("chat.update", shown, now)
        if _error(changed) in _GONE:
            return await self._post(notification, now)
        attempt = _judged(changed)
        if attempt.outcome is not Outcome.DELIVERED:
            return attempt
        again = notification.action is Action.TRIGGER
        text = fallback_text(notification)
        reply = {"channel": channel, "thread_ts": time, "reply_broadcast": again, "text": text}
        return _judged(await self._call("chat.postMessage", reply, now))

    async def _post(self, notification: Notification, now: float) -> Attempt:
        content = {"channel": self._channel, "unfurl_links": False, "unfurl_media": False, **self._shown(notification)}
        answer = await self._call("chat.postMessage", content, now)
        said, attempt = answer.json(), _judged(answer)
        if attempt.outcome is not Outcome.DELIVERED or not said.get("ts"):
            return attempt
        return replace(attempt, reference=f"{said.get('channel', self._channel)}/{said['ts']}")

    def _shown(self, notification: Notification) -> dict[str, Any]:
        return {"text": fallback_text(notification), "blocks": blocks(notification, self._templates)}

    async def _call(self, method: str, content: dict[str, Any], now: float) -> Answer:
        return await self._http.post(f"{self._api}/{method}", content, now, {"authorization": f"Bearer {self._token}"})


def _error(answer: Answer) -> str:
    return str(answer.json().get("error", ""))


def _judged(answer: Answer) -> Attempt:
    """Most refusals come with status 200 and `ok: false`."""
    if answer.status != 200:
        return answer.attempt
    said = answer.json()
    if said.get("ok") is True:
        return DELIVERED
    error = _error(answer)[:80] or "nothing that Slack says"
    return Attempt(Outcome.RETRY if error in PASSING or not said else Outcome.REJECTED, f"answered {error}")
