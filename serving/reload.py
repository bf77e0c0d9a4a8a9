"""SLO files that change while the collector runs: what they say is in force a moment later, unless they hold a fault."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from ..collector import Collector, Unavailable
from ..slo import SloFiles

_LOG: Final = logging.getLogger("fournines")


class SloReload:
    """Keeps a collector's SLOs those of its files. `now` gives epoch seconds."""

    def __init__(self, files: SloFiles, collector: Collector, now: Callable[[], float]) -> None:
        self._files = files
        self._collector = collector
        self._now = now

    def refresh(self) -> bool:
        """Reads files that look changed, and says whether what they hold is in force now. Blocks for a commit.

        With a fault in them the SLOs in force stay; while the ledger can't be written they are read again the next time.
        """
        if not self._files.changed():
            return False
        slos = self._files.read_again()
        if slos is None:
            _LOG.error("%s", self._files.fault)
            return False
        try:
            self._collector.declare(slos, self._now())
        except Unavailable as error:
            self._files.forget()
            _LOG.warning("SLO files are read again later: %s", error)
            return False
        return True
