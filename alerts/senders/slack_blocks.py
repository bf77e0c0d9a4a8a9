"""A message as Slack's blocks, within their limits.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from typing import Any, Final

from ..messages.templates import Templates
from ..notification import Action, Notification
from .content import headline, pages, shortened, times

LONGEST_TEXT: Final = 3_000

_LINE: Final = 1_000


def fallback_text(notification: Notification) -> str:
    """What a phone's lock screen and a screen reader say."""
    return escaped(shortened(headline(notification), _LINE))


def blocks(notification: Notification, templates: Templates) -> list[dict[str, Any]]:
    """Headline, what the template says, and what it is about."""
    labels = ", ".join(f"{name}={value}" for name, value in sorted(notification.labels.items()))
    text = templates.slack(notification)
    return [
        _section(f"{_mark(notification)} *{_fitting(_one_line(headline(notification)), _LINE)}*"),
        *([_section(text)] if text else []),
        {"type": "context", "elements": [_text(_fitting(f"{times(notification)}\n{labels}", LONGEST_TEXT))]},
    ]


def escaped(text: str) -> str:
    """Slack's control characters as text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fitting(text: str, limit: int) -> str:
    """Escaped, and within a limit that counts what escaping adds; never cut within an escape."""
    kept = shortened(text, limit)
    while len(escaped(kept)) > limit:
        kept = shortened(kept, len(kept) - max(1, (len(escaped(kept)) - limit) // 5))
    return escaped(kept)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _mark(notification: Notification) -> str:
    if notification.action is Action.RESOLVE:
        return ":white_check_mark:"
    if notification.action is Action.ACKNOWLEDGE:
        return ":eyes:"
    return ":rotating_light:" if pages(notification) else ":warning:"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}
