"""The scorecard: seven figures of a service, or of all, each with the reason where it is not known.

    Sums of a service + Sums of another = Sums of both -> Scorecard

Figures are made of sums in the last moment: the mean of all services is that of all their requests, and no mean of means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from ..window import DAY
from .alerting import Incident
from .number import Amount, Number
from .releasing import NO_RELEASES, ReleaseTally

NO_DURATIONS: Final = "the collector keeps no durations: say where Prometheus has them"
NO_COSTS: Final = "no costs were given"
_NO_EVENTS: Final = "no availability SLO counted an event"
_NO_RELEASE: Final = "no deployment was told of"
_NO_LENGTH: Final = "of no deployment both its start and its finish were told"
_NO_PAGE: Final = "there was no page"
_NO_ANSWER: Final = "nobody took a page on"
_NO_MONTH: Final = "a week has no month's cost"


@dataclass(frozen=True, slots=True)
class Sums:
    """What the figures are made of, all of it sums; null is not known.

    `good` of `total` are events of availability; `releases` the deployments; `pages` began in the period, of which so many were `answered`
    and `resolved`, after so many seconds in all. `durations` is the sum of all requests' seconds and `requests` their number; `in_flight`
    how many there were at once, in the mean, in the service that had most. `cost` is that of the whole period, of a `currency`.
    """

    good: int = 0
    total: int = 0
    releases: ReleaseTally = NO_RELEASES
    pages: int = 0
    answered: int = 0
    seconds_to_answer: int = 0
    resolved: int = 0
    seconds_to_resolve: int = 0
    durations: Number | None = None
    requests: Number | None = None
    in_flight: Number | None = None
    cost: Amount | None = None
    currency: str = ""

    def __add__(self, other: Sums) -> Sums:
        """Of both."""
        return Sums(
            good=self.good + other.good,
            total=self.total + other.total,
            releases=self.releases + other.releases,
            pages=self.pages + other.pages,
            answered=self.answered + other.answered,
            seconds_to_answer=self.seconds_to_answer + other.seconds_to_answer,
            resolved=self.resolved + other.resolved,
            seconds_to_resolve=self.seconds_to_resolve + other.seconds_to_resolve,
            durations=_known(self.durations, other.durations),
            requests=_known(self.requests, other.requests),
            in_flight=_largest(self.in_flight, other.in_flight),
            cost=_cost(self.cost, other.cost),
            currency=self.currency or other.currency,
        )

    def with_pages(self, incidents: Sequence[Incident]) -> Sums:
        """The same with pages that began in the period."""
        answered = [each.seconds_to_answer for each in incidents if each.seconds_to_answer is not None]
        resolved = [each.seconds_to_end for each in incidents if each.seconds_to_end is not None]
        return replace(
            self,
            pages=len(incidents),
            answered=len(answered),
            seconds_to_answer=sum(answered),
            resolved=len(resolved),
            seconds_to_resolve=sum(resolved),
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, or `why` there is none."""

    value: Number | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The seven figures; incident response is two, until somebody took a page on and until it was over.

    `concurrent_users`: requests in flight at once, in the mean, of the service that had most. `mean_response_seconds`: of all requests.
    `uptime_ratio`: good of all events of availability. `deployment_seconds`: from start to finish, in the mean. `monthly_cost`: a month's,
    in the mean of the period's months. `releases_per_day`: deployments that ended.
    """

    concurrent_users: Figure
    mean_response_seconds: Figure
    uptime_ratio: Figure
    deployment_seconds: Figure
    monthly_cost: Figure
    currency: str
    releases_per_day: Figure
    seconds_to_answer: Figure
    seconds_to_resolve: Figure

    @classmethod
    def of(cls, sums: Sums, seconds: int, months: int) -> Scorecard:
        """From sums over so many `seconds` that lie behind, of a period of so many `months`."""
        releases = sums.releases
        return cls(
            concurrent_users=_figure(sums.in_flight, 1, NO_DURATIONS),
            mean_response_seconds=_figure(sums.durations, sums.requests or 0, NO_DURATIONS),
            uptime_ratio=_figure(sums.good, sums.total, _NO_EVENTS),
            deployment_seconds=_figure(releases.seconds, releases.timed, _NO_LENGTH if releases.ended else _NO_RELEASE),
            monthly_cost=_monthly(sums.cost, months),
            currency=sums.currency,
            releases_per_day=_figure(releases.ended * DAY, seconds, "nothing of it lies behind yet"),
            seconds_to_answer=_figure(sums.seconds_to_answer, sums.answered, _NO_ANSWER if sums.pages else _NO_PAGE),
            seconds_to_resolve=_figure(
                sums.seconds_to_resolve, sums.resolved, "none is over" if sums.pages else _NO_PAGE
            ),
        )


def _figure(whole: Fraction | int | None, by: Fraction | int, why: str) -> Figure:
    return Figure(Fraction(whole) / by) if whole is not None and by else Figure(None, why)


def _monthly(cost: Decimal | None, months: int) -> Figure:
    if cost is None:
        return Figure(None, NO_COSTS)
    return Figure(Fraction(cost) / months) if months else Figure(None, _NO_MONTH)


def _known(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    """The sum of those that are known."""
    known = [each for each in (one, other) if each is not None]
    return sum(known, Fraction(0)) if known else None


def _largest(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _cost(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    known = [each for each in (one, other) if each is not None]
    return sum(known, Decimal(0)) if known else None
