"""What people say of an alert once it is over: whether it was worth being told."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..slo import timestamp


@dataclass(frozen=True, slots=True)
class AlertVerdict:
    """At `at` (epoch seconds) `by` said whether an alert was `useful`: whether there was something wrong that somebody had to know."""

    useful: bool
    by: str
    at: float
    note: str = ""

    @property
    def words(self) -> str:
        """`useful, says ann: the replica was full`."""
        said = f": {self.note}" if self.note else ""
        return f"{'useful' if self.useful else 'not useful'}, says {self.by}{said}"

    def as_json(self) -> dict[str, str | bool]:
        """As the API says it."""
        return {"useful": self.useful, "by": self.by, "at": timestamp(self.at), "note": self.note}

    def to_text(self) -> str:
        """Its text in the ledger's file."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> AlertVerdict:
        """Reads what `to_text` wrote."""
        return cls(**json.loads(text))
