"""With which chance promises are kept: looked up in the history when somebody looks, and once a minute at most."""

from __future__ import annotations

import logging
import sqlite3
from typing import Final

from ..slo import SLO, Chance, EventSource, Status, chance

KEPT_SECONDS: Final = 60

_log = logging.getLogger("fournines")


class Chances:
    """Chances from the history of a source. Of use from any thread; holds those asked for within a minute."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._minute = -1
        self._known: dict[SLO, Chance | None] = {}

    def of(self, status: Status) -> Chance | None:
        """That of one SLO, as of this minute's first question; None where its history can't be read, for which no page waits."""
        minute = int(status.now // KEPT_SECONDS)
        if minute != self._minute:
            self._minute, self._known = minute, {}
        known = self._known
        if status.slo not in known:
            try:
                known[status.slo] = chance(status, self._source)
            except sqlite3.Error as error:
                _log.warning("the chance of %s is not known, its history can't be read: %s", status.slo.name, error)
                known[status.slo] = None
        return known[status.slo]
