"""What an operator should know, in sentences: a ledger that can't be written or is damaged, SLO files with faults, SLOs that are
not counted or declared as they look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from ..alerts.watch import Trouble, Vital
from ..collector import Collector
from ..slo import RUNBOOK, SloFiles
from ..slo.annotations import MAX_GROUPS_KEY, without_runbook
from ..slo.group import others_name
from .counts import Counts

MOST_NAMED: Final = 5
"""SLOs of which one thing is to be said, and which are named."""


class Notices:
    """About a collector whose ledger lies in the folder `data`, what counts for it elsewhere, the SLO files it was given, and what of
    all that goes on stands still.
    """

    def __init__(
        self,
        collector: Collector,
        counts: Counts,
        files: SloFiles,
        data: Path,
        troubles: Callable[[], Sequence[Trouble]] = tuple,
    ) -> None:
        self._collector = collector
        self._counts = counts
        self._files = files
        self._data = data
        self._troubles = troubles

    def trouble(self) -> str:
        """Why data can't be taken in now; empty when it can."""
        if self._collector.healthy:
            return ""
        return f"the ledger in {self._data} can't be written: senders keep their data"

    def notices(self) -> list[str]:
        """Everything there is to know, the most urgent first."""
        whole = (self.trouble(), self._damage(), self._files.fault, self._counts.trouble())
        return [
            *filter(None, whole[:1]),
            *self._standing_still(),
            *filter(None, whole[1:]),
            *self._without_runbook(),
            *self._off_boundary(),
            *self._contested(),
            *self._crowded(),
        ]

    def _standing_still(self) -> Iterator[str]:
        """Why alerts may come late, or not at all; that of the ledger is said already."""
        for trouble in self._troubles():
            if trouble.vital is not Vital.LEDGER or self._collector.healthy:
                yield f"{trouble.summary}. {trouble.description}"

    def _without_runbook(self) -> Iterator[str]:
        names = [fault.path for fault in without_runbook(self._files.slos)]
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            yield f"{', '.join(names[:MOST_NAMED])}{more}: pages without saying what to do; add the annotation {RUNBOOK}"

    def _damage(self) -> str:
        ledger = self._collector.ledger
        if ledger.inspection and ledger.inspection.damage:
            return f"the ledger {ledger.path} is damaged ({ledger.inspection.damage}): copy it, and put a backup in its place"
        if not ledger.damaged:
            return ""
        names = ", ".join(path.name for path in ledger.damaged)
        return f"a damaged ledger was set aside, what it counted is missing here: {names} in {self._data}"

    def _off_boundary(self) -> Iterator[str]:
        groups = {slo.name for slo in self._collector.catalogue.slos if slo.group_of}
        for name, used in sorted(self._collector.off_boundary.items()):
            if name in groups:  # the SLO they are groups of says it for all
                continue
            instead = (
                "nor below it: no request can be told to be quick"
                if used is None
                else f"the next one below is used: {used:g} s"
            )
            yield f"{name}: the histograms that are sent have no boundary at its threshold, {instead}"

    def _contested(self) -> Iterator[str]:
        contested = [(name, found) for name, found in self._collector.catalogue.declared.items() if found.ways > 1]
        for name, found in contested[:MOST_NAMED]:
            last = " ".join((found.slo.service, found.version))
            yield f"{name}: declared in {found.ways} ways at the moment; what {last} declared last holds"
        if len(contested) > MOST_NAMED:
            yield f"... and {len(contested) - MOST_NAMED} more are declared in several ways"

    def _crowded(self) -> Iterator[str]:
        slos = self._collector.catalogue.slos
        names = {slo.name for slo in slos}
        crowded = [slo for slo in slos if slo.group_by and others_name(slo) in names]
        for slo in crowded[:MOST_NAMED]:
            yield (
                f"{slo.name}: there was no room for some of its groups ({slo.max_groups}, {MAX_GROUPS_KEY}), or none for values like "
                f"theirs; they count in {others_name(slo)}"
            )
        if len(crowded) > MOST_NAMED:
            yield f"... and {len(crowded) - MOST_NAMED} more have no room for some of their groups"
