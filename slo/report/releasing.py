"""What went out in a period, and how that went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from .number import Number, Second


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A deployment that began in a period; `seconds` from its start to its finish, null where either was not said.

    `failures` says why it failed, empty where it did not; `ended` whether it finished or was taken back.
    """

    service: str
    version: str
    began: Second
    ended: bool
    seconds: Number | None
    author: str
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseTally:
    """Deployments that began in a period and ended, how many of them failed, and how long those took whose length is known."""

    ended: int = 0
    failed: int = 0
    timed: int = 0
    seconds: Number = Fraction(0)

    def __add__(self, other: ReleaseTally) -> ReleaseTally:
        """Of both."""
        return ReleaseTally(
            self.ended + other.ended,
            self.failed + other.failed,
            self.timed + other.timed,
            self.seconds + other.seconds,
        )


NO_RELEASES: Final = ReleaseTally()


def tally_releases(lines: Sequence[ReleaseLine]) -> ReleaseTally:
    """One that is under way is neither good nor bad yet."""
    ended = [each for each in lines if each.ended]
    lengths = [each.seconds for each in ended if each.seconds is not None]
    return ReleaseTally(len(ended), sum(bool(each.failures) for each in ended), len(lengths), sum(lengths, Fraction(0)))
