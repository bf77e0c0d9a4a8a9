"""Somebody has taken an alert on: nobody else need be woken for a while."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..slo import timestamp


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`by` took an alert on at `at`, until `until` (epoch seconds); `note` is what they said."""

    by: str
    at: float
    until: float
    note: str = ""

    def holds(self, now: float) -> bool:
        """Whether it has not run out. Where the clock was set back it lasts twice as long as it was meant to at most."""
        return 2 * self.at - self.until <= now < self.until

    @property
    def words(self) -> str:
        """`acknowledged by ann until 2026-11-23T04:00:00Z: on it`."""
        said = f": {self.note}" if self.note else ""
        return f"acknowledged by {self.by} until {timestamp(self.until)}{said}"

    def as_json(self) -> dict[str, str]:
        """As the API says it."""
        return {"by": self.by, "at": timestamp(self.at), "until": timestamp(self.until), "note": self.note}

    def to_text(self) -> str:
        """Its text in the ledger's file."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Acknowledgement:
        """Reads what `to_text` wrote."""
        return cls(**json.loads(text))
