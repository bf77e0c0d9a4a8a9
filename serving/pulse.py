"""When what pages show has changed: said by whoever judged, heard by those who look."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from ..alerts import OpenAlerts
from ..slo import Evaluation

MOST: Final = 200
"""Viewers that wait at once; others reload."""


class Pulse:
    """Beats when a state or an alert changed. Who waits does so in one event loop; the rest is of use from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last: object = None
        self._waiting: set[asyncio.Event] = set()
        self._over = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def has_room(self) -> bool:
        """Whether one more may wait."""
        return self.waiting < MOST and not self._over

    def judged(self, evaluation: Evaluation, alerts: OpenAlerts) -> None:
        """Beats where states or open alerts differ from those before."""
        taken = tuple((key, alert.acknowledged, len(alert.notes)) for key, alert in alerts.by_key.items())
        seen = evaluation.states.tobytes(), taken
        changed, self._last = self._last is not None and seen != self._last, seen
        if changed:
            self.beat()

    def beat(self) -> None:
        """Something changed."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._beat)

    def end(self) -> None:
        """Lets all who wait go."""
        self._over = True
        self.beat()

    async def wait(self, seconds: float) -> bool | None:
        """Whether something changed before the time was over; None where nothing more is to come."""
        self._loop = asyncio.get_running_loop()
        heard = asyncio.Event()
        if self._over:
            heard.set()
        self._waiting.add(heard)
        try:
            await asyncio.wait_for(heard.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(heard)
        return None if self._over else True

    def _beat(self) -> None:
        for heard in self._waiting:
            heard.set()
