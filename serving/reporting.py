"""The report of a running collector: what its ledger says of a period."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..collector import Breakdown, Collector, Contributor
from ..collector.books.contributor import KEPT as CAUSES_KEPT
from ..collector.books.objectives import kept_objectives
from ..slo import HOUR, MINUTE, SLO, CalendarWindow, Evaluation, Interval, SLIKind, Unit
from ..slo.correction import merged
from ..slo.report import Cause, Counting, Incident, Month, Outcome, PastObjective, Period, Report, SloReport, TakenOut
from ..slo.report.counting import Unknown
from ..slo.report.report import ServiceReport, report_of, service_report
from .counts import Counts
from .evaluations import Evaluations
from .happenings import Happened, Happenings

TREND_MONTHS: Final = 12
MOST_CAUSES: Final = 5
MOST_CORRECTIONS: Final = 100


class Reporting:
    """Makes reports. `now` gives epoch seconds. Of use from any thread; some 20 ms an SLO, most of it for the trend.

    Raises `sqlite3.Error` or `StoreError` where the ledger can't be read.
    """

    def __init__(
        self,
        collector: Collector,
        counts: Counts,
        evaluations: Evaluations,
        happenings: Happenings,
        now: Callable[[], float],
    ) -> None:
        self._collector = collector
        self._counts = counts
        self._evaluations = evaluations
        self._happenings = happenings
        self._now = now

    def report(self, period: Period, zone: str, service: str = "") -> Report:
        """That of every service, or of one; `zone` is the time zone of what has none of its own. Raises `InvalidValue` for no time zone."""
        within, now = period.interval(zone), self._now()
        evaluation = self._evaluations.evaluation()
        lines = _Lines(self._counts, self._counting(evaluation, now), _heard(evaluation), period, zone)
        happened = self._happenings.within(within, service)
        found: dict[str, list[SLO]] = {name: [] for name in happened}
        for slo in evaluation.slos:
            if service in ("", slo.service):
                found.setdefault(slo.service, []).append(slo)
        services = [lines.service(name, found[name], happened.get(name, Happened()), within) for name in sorted(found)]
        return report_of(period, zone, int(now), services)

    def _counting(self, evaluation: Evaluation, now: float) -> Counting:
        with contextlib.closing(self._collector.ledger.reader()) as connection:
            known = kept_objectives(connection)
        past = {name: [PastObjective(*one) for one in each] for name, each in known.items()}
        names = evaluation.layout.names
        since = dict(zip(names, evaluation.observation.since.tolist(), strict=True))
        slos = {slo.name: slo for slo in evaluation.slos}
        return Counting(self._counts, slos, since, lambda name: past.get(name, ()), now)


class _Lines:
    """The lines of a report, an SLO each."""

    def __init__(
        self, counts: Counts, counting: Counting, heard: Mapping[str, int | None], period: Period, zone: str
    ) -> None:
        self._counts = counts
        self._counting = counting
        self._heard = heard
        self._period = period
        self._zone = zone

    def service(self, name: str, slos: Iterable[SLO], happened: Happened, within: Interval) -> ServiceReport:
        """A service with all that happened to it."""
        by_name = {slo.name: self._slo(slo) for slo in sorted(slos, key=lambda slo: slo.name)}
        incidents = [self._with_cost(each, by_name, within) for each in happened.incidents]
        return service_report(name, list(by_name.values()), incidents, happened.releases, happened.alerts, within)

    def _with_cost(self, one: Incident, slos: Mapping[str, SloReport], within: Interval) -> Incident:
        """With what it burnt of the period, where its SLO counts events and they are known."""
        counting = self._counting
        report, slo = slos.get(one.slo), counting.slos.get(one.slo)
        if report is None or slo is None or report.outcome is None or slo.unit is not Unit.EVENTS:
            return one
        end = int(counting.now) if one.ended is None else one.ended
        part = Interval(max(within.start, one.began), min(within.end, end + 1))
        try:
            bad = counting.bad(slo, part) if part.seconds else 0
        except Unknown:
            return one
        allowed = report.outcome.allowed
        return replace(one, bad=bad, burnt=bad / allowed if allowed else None)

    def _slo(self, slo: SLO) -> SloReport:
        zone = slo.window.zone if isinstance(slo.window, CalendarWindow) else self._zone
        within = self._period.interval(zone)
        outcome, unknown = self._outcome(slo, within)
        lost = outcome is not None and outcome.good < outcome.total
        causes, causes_from = self._causes(slo, within) if lost else ((), None)
        return SloReport(
            name=slo.name,
            service=slo.service,
            objective=str(slo.objective),
            method=slo.method.value,
            unit=slo.unit.value,
            is_availability=slo.sli.kind is SLIKind.AVAILABILITY and slo.sli.composite is None,
            group_of=slo.group_of,
            zone=zone,
            start=within.start,
            end=within.end,
            observed_seconds=self._counting.observed(slo.name, within).seconds,
            heard=self._heard[slo.name],
            outcome=outcome,
            unknown=unknown,
            causes=causes,
            causes_from=causes_from,
            corrections=self._taken_out(slo, within),
            trend=tuple(
                _month(
                    month.text,
                    *((outcome, unknown) if month == self._period else self._outcome(slo, month.interval(zone))),
                )
                for month in self._period.last_months(TREND_MONTHS)
            ),
        )

    def _outcome(self, slo: SLO, within: Interval) -> tuple[Outcome | None, str]:
        """What became of it in an interval; or why nobody knows."""
        if within.start >= self._counting.now:
            return None, "it is still to come"
        if not self._counting.observed(slo.name, within).seconds:
            return None, "it was not observed then"
        if not self._counts.counts_here(slo.name) and (trouble := self._counts.trouble()):
            return None, trouble
        try:
            return Outcome.of(self._counting.tally(slo, within)), ""
        except Unknown as error:
            return None, str(error)

    def _causes(self, slo: SLO, within: Interval) -> tuple[tuple[Cause, ...], int | None]:
        """The largest, and from when on they are known; None where they are not."""
        oldest = -(-int(self._counting.now - CAUSES_KEPT[HOUR]) // HOUR) * HOUR
        known = Interval(max(within.start, oldest), within.end)
        if not known.seconds or slo.unit is not Unit.EVENTS:
            return (), None
        found = self._counts.contributors(slo.name, known, Breakdown.CAUSE)
        return tuple(_cause(each, bad) for each, bad in found[:MOST_CAUSES]), known.start

    def _taken_out(self, slo: SLO, within: Interval) -> tuple[TakenOut, ...]:
        """The corrections that take anything out, in their order."""
        found = [(one, merged(one.intervals(within, MINUTE))) for one in slo.corrections]
        lines = [
            TakenOut(taken[0].start, taken[-1].end, sum(each.seconds for each in taken), one.author, one.reason)
            for one, taken in found
            if taken
        ]
        return tuple(sorted(lines, key=lambda line: line.start)[:MOST_CORRECTIONS])


def _month(period: str, outcome: Outcome | None, unknown: str) -> Month:
    if outcome is None:
        return Month(period, None, None, None, unknown)
    return Month(period, outcome.ratio, outcome.burnt, outcome.kept)


def _cause(one: Contributor, bad: int) -> Cause:
    return Cause(one.route, one.status, one.error, one.version, bad)


def _heard(evaluation: Evaluation) -> dict[str, int | None]:
    """When the service of each SLO reported last; None for never."""
    seconds: Sequence[float] = evaluation.observation.heard.tolist()
    return {
        name: int(second) if second == second else None
        for name, second in zip(evaluation.layout.names, seconds, strict=True)
    }
