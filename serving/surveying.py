"""What takes too long for an evaluation: looked at beside them, on a thread of its own, a little at a time."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from typing import Final, Protocol

from ..alerts import AlertsError
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
        self._failing = ""

    def take(self, evaluation: Evaluation) -> None:
        """The last evaluation is this one."""
        self._latest = evaluation

    def look(self) -> None:
        """Looks once. What can't be read is said once, and tried again at the next look."""
        try:
            self._vitals.refresh()
            if self._latest is not None:
                for condition in self._conditions:
                    condition.look(self._latest)
        except (AlertsError, sqlite3.Error) as error:
            if not self._failing:
                _log.warning("conditions beside burn wait: %s", error)
            self._failing = str(error)
        else:
            self._failing = ""
