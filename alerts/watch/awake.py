"""How long one was awake: a look that comes late was held up by a frozen process or machine, which saw nothing meanwhile."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

SLEPT_SECONDS: Final = 5.0
"""Of the time between two looks no more than this counts. That much of each does: what is always held up is not asleep."""

_REMEMBERED: Final = 300.0
"""Seconds, more than anything may stand still: what does so for longer is in trouble, however long it slept before."""


class _Look(NamedTuple):
    moment: float
    slept: float


class Awake:
    """Told of each look at something, it knows how long was seen what lasts. Seconds of a clock that never goes back; began at `moment`."""

    def __init__(self, moment: float) -> None:
        self._began = moment
        self._looks = deque([_Look(moment, 0.0)])

    def look(self, moment: float) -> None:
        """Somebody looks now."""
        last = self._looks[-1]
        slept = max(0.0, moment - last.moment - SLEPT_SECONDS)
        self._looks.append(_Look(moment, last.slept + slept))
        while len(self._looks) > 2 and self._looks[1].moment < moment - _REMEMBERED:
            self._looks.popleft()

    def seen(self, age: float) -> float:
        """Of the last `age` seconds those since the beginning in which it was awake."""
        now = self._looks[-1]
        since = max(now.moment - age, self._began)
        before = next((look for look in reversed(self._looks) if look.moment <= since), self._looks[0])
        return max(0.0, now.moment - since - (now.slept - before.slept))
