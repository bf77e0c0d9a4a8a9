"""What one stage decided about an alert, and why: an answer to whoever asks why they were woken, or why they were not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple

from ..slo import timestamp

SILENCE: Final = "silence"
"""The stage that says whether somebody wants nobody told."""


class Ruling(Enum):
    """Where a stage sends an alert."""

    PASSES = "passes"
    HELD = "held"
    TOLD = "told"
    QUIET = "quiet"
    """Nothing is to be said, and nothing holds it: everybody knows, or there is nothing new."""


class Decision(NamedTuple):
    """What a stage answered, in words, and since when it answers so (epoch seconds)."""

    stage: str
    ruling: Ruling
    reason: str
    at: float

    def same(self, other: Decision) -> bool:
        """Whether it says what another said, whenever that was."""
        return self[:3] == other[:3]

    def as_json(self) -> dict[str, str]:
        """As the API says it."""
        return {
            "stage": self.stage,
            "decision": self.ruling.value,
            "reason": self.reason,
            "at": timestamp(self.at),
        }


Decisions = tuple[Decision, ...]
"""Of all stages that were asked, in their order: the last one is what became of it."""


def aged(new: Decisions, old: Decisions) -> Decisions:
    """The new ones, each since when the same stage says the same."""
    known = {each.stage: each for each in old}
    kept = tuple(known[each.stage] if each.stage in known and known[each.stage].same(each) else each for each in new)
    return old if kept == old else kept


def to_text(decisions: Iterable[Decision]) -> str:
    """Their text in the ledger's file."""
    return json.dumps([[each.stage, each.ruling.value, each.reason, each.at] for each in decisions])


def from_text(text: str) -> Decisions:
    """Reads what `to_text` wrote."""
    return tuple(Decision(stage, Ruling(ruling), reason, at) for stage, ruling, reason, at in json.loads(text))
