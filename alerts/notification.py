"""What goes out: one message about one incident, the same for every receiver, kept as JSON until it is delivered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum

from ..slo import Severity


class Action(Enum):
    """The beginning of an incident, or its end."""

    TRIGGER = "trigger"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Notification:
    """One message. Times are epoch seconds; `ends_at` is None while the alert fires; `url` shows its SLO.

    A message that is sent twice is byte for byte the same, and its `dedup_key` is that of its incident's other messages.
    """

    action: Action
    dedup_key: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    ends_at: float | None
    url: str

    def to_json(self) -> str:
        """Its text in the outbox."""
        return json.dumps({**asdict(self), "action": self.action.value}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Notification:
        """Reads what `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "action": Action(fields["action"])})


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told, under a name that stays the same over restarts, about alerts of some severities."""

    name: str
    severities: frozenset[Severity] = field(default=frozenset(Severity))
