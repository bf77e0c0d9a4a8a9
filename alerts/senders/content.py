"""What every sender says of a message, within what its receiver takes: headline, text, facts and links."""

from __future__ import annotations

import hashlib
from typing import Final

from ...slo import Severity, timestamp
from ..names import (
    ANNOTATION_DASHBOARD,
    ANNOTATION_DESCRIPTION,
    ANNOTATION_EXPLANATION,
    ANNOTATION_RUNBOOK,
    ANNOTATION_SUMMARY,
    LABEL_SEVERITY,
)
from ..notification import Action, Link, Notification

MARKS: Final = {Action.UPDATE: "Update: ", Action.ACKNOWLEDGE: "Acknowledged: "}
"""What a headline begins with, where the summary does not say it itself."""

_HASHED: Final = 16


def headline(notification: Notification) -> str:
    """The one line that is read on a lock screen."""
    return MARKS.get(notification.action, "") + summary(notification)


def summary(notification: Notification) -> str:
    """Its summary; the incident's key where it has none."""
    return notification.annotations.get(ANNOTATION_SUMMARY) or notification.dedup_key


def pages(notification: Notification) -> bool:
    """Whether it wakes somebody."""
    return notification.labels.get(LABEL_SEVERITY) == Severity.PAGE.value


def links(notification: Notification) -> list[Link]:
    """Where to read on: its links, else those of its annotations. Only what a browser opens."""
    annotations = notification.annotations
    named = notification.links or (
        Link("Runbook", annotations.get(ANNOTATION_RUNBOOK, "")),
        Link("Dashboard", annotations.get(ANNOTATION_DASHBOARD, "")),
        Link("SLO", notification.url),
    )
    return [link for link in named if link.href.startswith(("http://", "https://"))]


def paragraphs(notification: Notification) -> list[str]:
    """What stands below the headline, in words: what it says, and how its numbers came about."""
    named = (notification.annotations.get(name, "") for name in (ANNOTATION_DESCRIPTION, ANNOTATION_EXPLANATION))
    return [text for text in named if text]


def times(notification: Notification) -> str:
    """Since when, and until when."""
    since = f"since {timestamp(notification.starts_at)}"
    return since if notification.ends_at is None else f"{since}, until {timestamp(notification.ends_at)}"


def plain(notification: Notification) -> str:
    """All of it as lines of text."""
    facts = [f"{name}: {value}" for name, value in notification.details.items()]
    places = [f"{link.text}: {link.href}" for link in links(notification)]
    labels = ", ".join(f"{name}={value}" for name, value in sorted(notification.labels.items()))
    blocks = (*paragraphs(notification), "\n".join(facts), "\n".join(places), f"{times(notification)}\n{labels}")
    return "\n\n".join(block for block in blocks if block)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters of a text; an ellipsis says where it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def key_within(key: str, limit: int) -> str:
    """A key of at most `limit` characters, the same for the same key and different for others."""
    if len(key) <= limit:
        return key
    return f"{key[: limit - _HASHED - 1]}~{hashlib.sha256(key.encode()).hexdigest()[:_HASHED]}"
