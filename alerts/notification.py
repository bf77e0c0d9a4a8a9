"""What goes out: one message about one incident, the same for every receiver, kept as JSON until it is delivered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from typing import Any, Final, NamedTuple

from ..slo import Severity
from .matching import Matchers


class Action(Enum):
    """What happened to an incident: it began, something about it changed, somebody took it on, it ended."""

    TRIGGER = "trigger"
    UPDATE = "update"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"

    @property
    def news(self) -> str:
        """What people are told by it, in a sentence: `mail was told that it is over`."""
        return _NEWS[self]


_NEWS: Final = {
    Action.TRIGGER: "that it fires",
    Action.UPDATE: "what changed",
    Action.ACKNOWLEDGE: "who has taken it on",
    Action.RESOLVE: "that it is over",
}


class Link(NamedTuple):
    """Where to read on: what it is called, and its URL."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One message. Times are epoch seconds; `ends_at` is None while the alert fires; `url` shows its SLO.

    `details` are facts by name, the most useful first. Labels and annotations are whole at every action, so that a receiver may put
    a message in the place of the one before. A message that is sent twice is byte for byte the same, and its `dedup_key` is that of
    its incident's other messages.
    """

    action: Action
    dedup_key: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    ends_at: float | None
    url: str
    details: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()

    def to_json(self) -> str:
        """Its text in the outbox."""
        return json.dumps({**asdict(self), "action": self.action.value})

    @classmethod
    def from_json(cls, text: str) -> Notification:
        """Reads what `to_json` wrote, by this version or by one that knew fewer fields."""
        written: dict[str, Any] = json.loads(text)
        known = {one.name: written[one.name] for one in fields(cls) if one.name in written}
        links = tuple(Link(*link) for link in written.get("links", ()))
        return cls(**{**known, "action": Action(written["action"]), "links": links})


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told, under a name that stays the same over restarts, of alerts of some severities whose labels match.

    `fallback` names the receiver who is told as well where this one can't be. Without severities it is told as a fallback only.
    """

    name: str
    severities: frozenset[Severity] = frozenset(Severity)
    match: Matchers = field(default_factory=Matchers)
    fallback: str | None = None

    def refusal(self, severity: Severity, labels: Mapping[str, str]) -> str | None:
        """Why it is not told of such an alert, in words; None when it is."""
        if severity not in self.severities:
            told = " and ".join(f"{each.value}s" for each in Severity if each in self.severities)
            return f"it is told of {told} only" if told else "it is told as a fallback only"
        return None if self.match.match(labels) else f"it is told where {self.match}"
