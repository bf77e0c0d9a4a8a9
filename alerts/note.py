"""What somebody on call wrote down about an alert while it was open."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..slo import timestamp

MOST_NOTES: Final = 100
"""Of one incident; the oldest go first."""


class Note(NamedTuple):
    """At `at` (epoch seconds) `by` wrote `text`."""

    at: float
    by: str
    text: str

    @property
    def words(self) -> str:
        """`note by ann: failed over to the replica`."""
        return f"note by {self.by}: {self.text}"

    def as_json(self) -> dict[str, str]:
        """As the API says it."""
        return {"at": timestamp(self.at), "by": self.by, "text": self.text}
