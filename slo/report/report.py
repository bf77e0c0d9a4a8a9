"""The report: every service of a period, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import add

from ..unit import Unit
from ..window import Interval
from .alerting import AlertTally, Incident, began_within
from .costs import Costs
from .number import Second
from .period import Period
from .releasing import ReleaseLine, tally_releases
from .scorecard import Scorecard, Sums
from .slo_report import SloReport


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """A service: its promises, what happened, and its figures."""

    name: str
    slos: tuple[SloReport, ...]
    incidents: tuple[Incident, ...]
    releases: tuple[ReleaseLine, ...]
    alerts: AlertTally
    sums: Sums
    scorecard: Scorecard


@dataclass(frozen=True, slots=True)
class Report:
    """A period from `start` to `end` by clocks of `zone`, as it was at `made`; `complete` says whether it was over then.

    `kept` of `judged` SLOs kept their promise: those that counted anything. `cost_elsewhere` is what no service is said to have cost;
    it is part of the sums.
    """

    period: str
    zone: str
    start: Second
    end: Second
    made: Second
    complete: bool
    services: tuple[ServiceReport, ...]
    alerts: AlertTally
    judged: int
    kept: int
    sums: Sums
    scorecard: Scorecard
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> int:
        """How much of it lies behind."""
        return max(0, min(self.end, self.made) - self.start)

    @property
    def months(self) -> int:
        """How many months it has; 0 of a week."""
        return Period.parse(self.period).months

    def with_sums(self, sums: Mapping[str, Sums], elsewhere: Sums, *notes: str) -> Report:
        """The same with other sums of services, by name; the total has what is `elsewhere` besides."""
        services = tuple(
            replace(each, sums=found, scorecard=Scorecard.of(found, self.seconds, self.months))
            for each in self.services
            for found in [sums.get(each.name, each.sums)]
        )
        whole = reduce(add, (each.sums for each in services), elsewhere)
        card = Scorecard.of(whole, self.seconds, self.months)
        return replace(self, services=services, sums=whole, scorecard=card, notes=(*self.notes, *notes))

    def with_costs(self, costs: Costs) -> Report:
        """The same with what services cost; a service of which nothing is said has no cost, and not one of 0."""
        sums = {
            each.name: replace(each.sums, cost=costs.services[each.name], currency=costs.currency)
            for each in self.services
            if each.name in costs.services
        }
        named = {each.name for each in self.services}
        rest = sum((amount for name, amount in costs.services.items() if name not in named), Decimal(0))
        return self.with_sums(sums, Sums(cost=rest, currency=costs.currency), *costs.notes(named))

    def with_durations(self, durations: Mapping[str, TimeSpent], *notes: str) -> Report:
        """The same with how long the requests of services took."""
        behind = self.seconds
        sums = {
            each.name: replace(
                each.sums,
                durations=found.seconds,
                requests=found.requests,
                in_flight=found.seconds / behind if behind else None,
            )
            for each in self.services
            if (found := durations.get(each.name)) is not None
        }
        return self.with_sums(sums, self._elsewhere(), *notes)

    def _elsewhere(self) -> Sums:
        """What is in the total and in no service: costs, where they were given."""
        if self.sums.cost is None:
            return Sums()
        known = sum((each.sums.cost for each in self.services if each.sums.cost is not None), Decimal(0))
        return Sums(cost=self.sums.cost - known, currency=self.sums.currency)


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Seconds that so many requests took in all."""

    seconds: Fraction
    requests: Fraction


def report_of(period: Period, zone: str, made: int, services: Sequence[ServiceReport]) -> Report:
    """All services together."""
    start, end = period.interval(zone)
    judged = [slo.outcome.kept for each in services for slo in each.slos if slo.outcome is not None]
    known = [kept for kept in judged if kept is not None]
    blank = Scorecard.of(Sums(), 0, period.months)
    made_of = Report(
        period=period.text,
        zone=zone,
        start=start,
        end=end,
        made=made,
        complete=made >= end,
        services=tuple(services),
        alerts=reduce(add, (each.alerts for each in services), AlertTally()),
        judged=len(known),
        kept=sum(known),
        sums=Sums(),
        scorecard=blank,
    )
    return made_of.with_sums({}, Sums())


def service_report(
    name: str,
    slos: Sequence[SloReport],
    incidents: Sequence[Incident],
    releases: Sequence[ReleaseLine],
    alerts: AlertTally,
    period: Interval,
) -> ServiceReport:
    """A service with the sums that follow; the figures are made with the report."""
    broadest = _broadest(slos)
    outcome = None if broadest is None else broadest.outcome
    sums = Sums(releases=tally_releases(releases)).with_pages(began_within(incidents, period))
    if outcome is not None:
        sums = replace(sums, good=outcome.good, total=outcome.total)
    blank = Scorecard.of(Sums(), 0, 1)
    return ServiceReport(name, tuple(slos), tuple(incidents), tuple(releases), alerts, sums, blank)


def _broadest(slos: Sequence[SloReport]) -> SloReport | None:
    """The availability SLO that counted most events: what a service's uptime is said from, so that no event counts twice."""
    found = [
        (slo.outcome.total, slo.name, slo)
        for slo in slos
        if slo.is_availability and not slo.group_of and slo.unit == Unit.EVENTS.value and slo.outcome is not None
    ]
    return max(found, key=lambda each: each[:2])[2] if found else None
