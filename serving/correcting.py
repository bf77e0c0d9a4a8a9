"""Corrections made and taken back by hand: in force once this returns, and each in the audit log."""

from __future__ import annotations

from collections.abc import Callable

from ..collector import Collector
from ..collector.books.books import Books
from ..collector.books.chore import Chore
from ..collector.records.audit import AuditEntry
from ..collector.records.corrections import Ending, KeptCorrection
from ..slo import Correction, InvalidValue, timestamp


class Correcting:
    """Corrects SLOs of a collector. `now` gives epoch seconds. Raises `Unavailable` while the ledger can't be written."""

    def __init__(self, collector: Collector, now: Callable[[], float]) -> None:
        self._collector = collector
        self._now = now

    def add(self, slo: str, service: str, correction: Correction) -> KeptCorrection | None:
        """Corrects an SLO or, where that is empty, all of a service, also those yet to come; None where there is no room for more.

        Raises `InvalidValue` for a time of which nothing is kept.
        """
        now = self._now()
        if KeptCorrection(0, slo, service, correction, now).is_over(now):
            raise InvalidValue(f"nothing is kept of {timestamp(correction.start)}: there is nothing to take out")

        def work(books: Books) -> KeptCorrection | None:
            made = books.registry.corrections.add(slo, service, correction, now)
            if made is not None:
                books.audit.add(_entry("correction.add", made, now, correction.author, correction.reason))
            return made

        return self._done(work)

    def end(self, number: int, author: str, reason: str) -> KeptCorrection | None:
        """Takes a correction back; None where there is none of that number, or not any more."""
        ending = Ending(self._now(), author, reason)

        def work(books: Books) -> KeptCorrection | None:
            ended = books.registry.corrections.end(number, ending)
            if ended is not None:
                books.audit.add(_entry("correction.end", ended, ending.at, author, reason))
            return ended

        return self._done(work)

    def _done(self, work: Callable[[Books], KeptCorrection | None]) -> KeptCorrection | None:
        chore = Chore(work)
        self._collector.submit(chore)
        return chore.future.result()


def _entry(action: str, kept: KeptCorrection, at: float, author: str, reason: str) -> AuditEntry:
    one = kept.correction
    detail = {
        "id": kept.id,
        "start": timestamp(one.start),
        "end": timestamp(one.start + one.seconds),
        "rule": one.rule,
        "zone": one.zone,
    }
    subject = f"SLO {kept.slo}" if kept.slo else f"service {kept.service}"
    return AuditEntry(at, author, action, subject, reason, detail)
