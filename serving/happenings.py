"""What happened to services in a time: pages, other alerts, and releases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Protocol

from ..alerts import Alert, EndedAlert, EndedPlace, OpenAlerts
from ..slo import Interval, Severity
from ..slo.report import AlertTally, Incident, ReleaseLine, tally_alerts
from .release import Release

_AT_ONCE = 1_000


class EndedAlertSource(Protocol):
    """Whoever knows alerts that are over."""

    def ended(
        self, since: float, until: float, slo: str, service: str, limit: int, before: EndedPlace | None = None
    ) -> Sequence[EndedAlert]:
        """Those that were open at any time in [since, until) and are over, the last to end first."""
        ...


class OpenAlertSource(Protocol):
    """Whoever knows alerts that are open."""

    def alerts(self) -> OpenAlerts:
        """All of them."""
        ...


class ReleaseSource(Protocol):
    """Whoever knows releases."""

    def releases(self, service: str, within: Interval) -> list[Release]:
        """Those that began within an interval, of a service or of all, the oldest first."""
        ...


class Told(NamedTuple):
    """An alert that somebody was told of, open or over."""

    alert: Alert
    ended: float | None
    answered: float | None
    by: str
    useful: bool | None


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to one service; the oldest first."""

    incidents: tuple[Incident, ...] = ()
    alerts: AlertTally = AlertTally()  # noqa: RUF009 - an immutable value
    releases: tuple[ReleaseLine, ...] = ()


class Happenings:
    """Looks back on what happened. Raises `StoreError` or `sqlite3.Error` where it can't be read."""

    def __init__(self, ended: EndedAlertSource, open_alerts: OpenAlertSource, releasing: ReleaseSource) -> None:
        self._ended = ended
        self._open = open_alerts
        self._releasing = releasing

    def within(self, period: Interval, service: str) -> dict[str, Happened]:
        """By the name of each service to which anything happened; of one alone where it is named."""
        told = [each for each in self._told(period, service) if each.alert.told]
        lines = [_line(each) for each in self._releasing.releases(service, period)]
        names = {each.alert.service for each in told} | {line.service for line in lines}
        return {
            name: Happened(
                tuple(_incidents([each for each in told if each.alert.service == name])),
                _tally([each for each in told if each.alert.service == name], period),
                tuple(line for line in lines if line.service == name),
            )
            for name in names
        }

    def _told(self, period: Interval, service: str) -> Iterator[Told]:
        for each in self._open.alerts():
            alert = each.alert
            if service in ("", alert.service) and alert.began < period.end:
                taken = alert.acknowledged
                yield Told(alert, None, taken.at if taken else None, taken.by if taken else "", None)
        before: EndedPlace | None = None
        while found := self._ended.ended(period.start, period.end, "", service, _AT_ONCE, before):
            yield from map(_told, found)
            before = found[-1].place


def _told(one: EndedAlert) -> Told:
    answered, verdict = one.answered, one.verdict
    useful = None if verdict is None else verdict.useful
    return Told(one.alert, one.ended, answered.at if answered else None, answered.by if answered else "", useful)


def _incidents(told: Sequence[Told]) -> Iterator[Incident]:
    pages = (each for each in told if each.alert.severity is Severity.PAGE)
    for each in sorted(pages, key=lambda each: (each.alert.began, each.alert.number)):
        alert = each.alert
        yield Incident(
            number=alert.number,
            slo=alert.slo,
            service=alert.service,
            began=int(alert.began),
            ended=None if each.ended is None else int(each.ended),
            answered=None if each.answered is None else int(each.answered),
            by=each.by,
            reason=alert.summary or alert.reason,
            useful=each.useful,
        )


def _tally(told: Sequence[Told], period: Interval) -> AlertTally:
    """Of those that began in the period."""
    of = [each for each in told if period.start <= int(each.alert.began) < period.end]
    pages = sum(each.alert.severity is Severity.PAGE for each in of)
    judged = [each.useful for each in of if each.useful is not None]
    return tally_alerts(pages, len(of) - pages, len(judged), sum(judged))


def _line(one: Release) -> ReleaseLine:
    deployment = one.deployment
    return ReleaseLine(
        service=deployment.service,
        version=deployment.version,
        began=int(deployment.began),
        ended=deployment.ended is not None,
        seconds=None if one.seconds is None else Fraction(one.seconds),
        author=deployment.author,
        failures=tuple(one.failures),
    )
