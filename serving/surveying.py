"""What takes too long for an evaluation: looked at beside them, on a thread of its own, a little at a time."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from ..alerts import AlertsError
from ..collector import CollectorError
from ..slo import Evaluation
from .vitals import Vitals

_log: Final = logging.getLogger("fournines")


class Looking(Protocol):
    """A condition that has to look things up."""

    def look(self, evaluation: Evaluation) -> None:
        """Looks some of them up. May block."""
        ...


class Survey:
    """Has each of `conditions` look at the last evaluation, and the vitals at what waits."""

    def __init__(self, conditions: Sequence[Looking], vitals: Vitals) -> None:
        self._conditions = tuple(conditions)
        self._vitals = vitals
        self._latest: Evaluation | None = None
        self._failing: set[int] = set()

    def take(self, evaluation: Evaluation) -> None:
        """The last evaluation is this one."""
        self._latest = evaluation

    def look(self) -> None:
        """Looks once, each for itself: what can't be read keeps nobody else waiting. It is said once, and tried again at the next look."""
        self._try(self._vitals, self._vitals.refresh)
        if self._latest is not None:
            for condition in self._conditions:
                self._try(condition, partial(condition.look, self._latest))

    def _try(self, whose: object, work: Callable[[], None]) -> None:
        try:
            work()
        except (AlertsError, CollectorError, sqlite3.Error) as error:
            if id(whose) not in self._failing:
                _log.warning("%s waits: %s", type(whose).__name__, error)
            self._failing.add(id(whose))
        else:
            self._failing.discard(id(whose))
