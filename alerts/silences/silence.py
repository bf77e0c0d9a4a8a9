"""A silence: whose alerts nobody is told of, from when until when, by whom, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ...slo import DAY, timestamp
from ..errors import InvalidSilence
from ..matching import Matchers
from ..names import LABEL_SEVERITY

LONGEST_SECONDS: Final = 35 * DAY
"""How long a silence lasts at most: one that nobody remembers hides an outage."""

FURTHEST_SECONDS: Final = 400 * DAY
"""How far ahead a silence may begin."""

LATE_SECONDS: Final = 300
"""How much of it may be over when it is made, for clocks that are behind."""


class SilenceEnd(NamedTuple):
    """When a silence was ended by hand (epoch seconds), by whom, and why."""

    at: float
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that match are not told from `start` up to, but not including, `until` (epoch seconds), unless somebody ended it before.

    `number` is its own for ever, 0 until it is stored. Raises `InvalidSilence`.
    """

    matchers: Matchers
    start: float
    until: float
    author: str
    reason: str
    number: int = 0
    ended: SilenceEnd | None = None

    def __post_init__(self) -> None:
        if not self.matchers.narrow:
            raise InvalidSilence("a silence says whose alerts it means: an SLO, a service or another label")
        if not (self.author.strip() and self.reason.strip()):
            raise InvalidSilence("a silence says its author and its reason")
        if not self.start < self.until:
            raise InvalidSilence(f"it ends at {timestamp(self.until)}, which is not after {timestamp(self.start)}")
        if self.until - self.start > LONGEST_SECONDS:
            raise InvalidSilence(f"a silence lasts {LONGEST_SECONDS // DAY} days at most; what is longer is no silence")

    def check(self, now: float) -> None:
        """Raises `InvalidSilence` where it can't be made at `now`: of all pages, or it is over, began before, or is too far ahead."""
        if not Matchers(tuple(each for each in self.matchers.patterns if each[0] != LABEL_SEVERITY)).narrow:
            raise InvalidSilence(
                "a silence of everybody's pages or tickets hides every outage: say an SLO, a service or a label"
            )
        if self.until <= now:
            raise InvalidSilence(f"it ends at {timestamp(self.until)}, which is over")
        if self.start < now - LATE_SECONDS:
            raise InvalidSilence(f"a silence can't begin in the past, at {timestamp(self.start)}")
        if self.start > now + FURTHEST_SECONDS:
            raise InvalidSilence(f"a silence begins within {FURTHEST_SECONDS // DAY} days")

    @property
    def over(self) -> float:
        """When it is over, by itself or by hand."""
        return self.until if self.ended is None else min(self.until, self.ended.at)

    def holds(self, labels: Mapping[str, str], now: float) -> bool:
        """Whether an alert with these labels is not told at `now`."""
        return self.start <= now < self.over and self.matchers.match(labels)

    @property
    def words(self) -> str:
        """`silenced by ann until 2026-11-23T03:40:00Z: deploying`."""
        return f"silenced by {self.author} until {timestamp(self.until)}: {self.reason}"

    def state(self, now: float) -> str:
        """`pending`, `active` or `over`."""
        if now >= self.over:
            return "over"
        return "pending" if now < self.start else "active"

    def as_json(self, now: float) -> dict[str, Any]:
        """The silence as the API says it."""
        ended = self.ended
        return {
            "id": self.number,
            "state": self.state(now),
            "matchers": dict(self.matchers.patterns),
            "start": timestamp(self.start),
            "until": timestamp(self.until),
            "author": self.author,
            "reason": self.reason,
            "ended": None if ended is None else timestamp(ended.at),
            "ended_by": None if ended is None else ended.author,
            "ended_reason": None if ended is None else ended.reason,
        }
