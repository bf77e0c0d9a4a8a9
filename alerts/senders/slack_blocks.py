"""A message as Slack's blocks, within their limits.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from typing import Any, Final

from ..notification import Action, Notification
from .content import headline, links, pages, paragraphs, shortened, times

LONGEST_TEXT: Final = 3_000
MOST_FIELDS: Final = 10
"""Fields a section holds."""
MOST_FACTS: Final = 40
"""More nobody reads in a chat; a message holds 50 blocks."""

_LINE: Final = 1_000
"""Half of what a field takes, which holds a name beside it."""


def fallback_text(notification: Notification) -> str:
    """What a phone's lock screen and a screen reader say."""
    return escaped(shortened(headline(notification), _LINE))


def blocks(notification: Notification) -> list[dict[str, Any]]:
    """Headline, text, facts, links, and what it is about."""
    facts = [
        _text(f"*{escaped(shortened(name, 200))}*\n{_fitting(value, _LINE)}")
        for name, value in list(notification.details.items())[:MOST_FACTS]
    ]
    places = " · ".join(_linked(link.href, link.text) for link in links(notification))
    labels = ", ".join(f"{name}={value}" for name, value in sorted(notification.labels.items()))
    return [
        _section(f"{_mark(notification)} *{_fitting(_one_line(headline(notification)), _LINE)}*"),
        *(_section(_fitting(paragraph, LONGEST_TEXT)) for paragraph in paragraphs(notification)),
        *(
            {"type": "section", "fields": facts[first : first + MOST_FIELDS]}
            for first in range(0, len(facts), MOST_FIELDS)
        ),
        *([_section(places)] if places and len(places) <= LONGEST_TEXT else []),
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


def _linked(href: str, text: str) -> str:
    return f"<{escaped(href.replace('|', '%7C'))}|{escaped(text.replace('|', '/'))}>"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}
