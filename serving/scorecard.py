"""The figures of a scorecard that only the ledger knows: how often and how quickly releases go out, and incidents are taken on."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from ..alerts import AlertsError, EndedAlert, ended_alerts
from ..collector import Ledger, names
from ..collector.records.deployments import Deployment, deployments
from ..slo import DAY, MINUTE, Interval

LOOKS_BACK: Final = 30 * DAY
"""Seconds of releases and incidents that are looked at."""
EVERY: Final = MINUTE
"""Seconds between two looks: these figures move slowly, and scrapes come often."""
MOST_INCIDENTS: Final = 10_000
"""Incidents that are looked at, the last to end first."""


class Scorecard:
    """Gauges that are brought up to date when a scrape asks. Of use from any thread."""

    def __init__(self, ledger: Ledger, registry: CollectorRegistry) -> None:
        self._ledger = ledger
        self._looked: float | None = None

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry)

        self._releases = gauge(names.RELEASES, "Deployments of 30 days that were done and not taken back", "service")
        self._length = gauge(names.RELEASE_SECONDS, "Mean time of those from start to done", "service")
        self._newest = gauge(
            names.DEPLOYMENT_TIME, "Epoch second at which a service's newest deployment began", "service", "version"
        )
        self._incidents = gauge(names.INCIDENTS, "Incidents of 30 days that are over and were told", "severity")
        self._response = gauge(names.RESPONSE_SECONDS, "Mean time of those until somebody took them on", "severity")
        self._resolution = gauge(names.RESOLUTION_SECONDS, "Mean time of those until their end", "severity")

    def measure(self, now: float) -> None:
        """Brings the gauges up to date, if they are old at `now` (epoch seconds). What can't be read keeps its last figures."""
        if self._looked is not None and 0 <= now - self._looked < EVERY:
            return
        try:
            with contextlib.closing(self._ledger.reader()) as connection:
                within = Interval(int(now - LOOKS_BACK), int(now) + 1)
                self._say_releases(deployments(connection, "", within))
                self._say_incidents(ended_alerts(connection, within.start, now, limit=MOST_INCIDENTS))
        except (sqlite3.Error, AlertsError):
            return
        self._looked = now

    def _say_releases(self, found: Iterable[Deployment]) -> None:
        done: dict[str, list[Deployment]] = defaultdict(list)
        newest: dict[str, Deployment] = {}
        for each in found:
            newest[each.service] = each
            if each.finished is not None and each.rolled_back is None:
                done[each.service].append(each)
        _set(self._releases, {(service,): float(len(done.get(service, ()))) for service in newest})
        lengths = {(service,): mean(_lengths(each)) for service, each in done.items()}
        _set(self._length, {key: length for key, length in lengths.items() if length is not None})
        _set(self._newest, {(each.service, each.version): each.began for each in newest.values()})

    def _say_incidents(self, found: Iterable[EndedAlert]) -> None:
        told: dict[str, list[EndedAlert]] = defaultdict(list)
        for each in found:
            if each.alert.told:
                told[each.alert.severity.value].append(each)
        _set(self._incidents, {(severity,): float(len(each)) for severity, each in told.items()})
        _set(
            self._resolution, {(severity,): mean(one.seconds for one in each) or 0.0 for severity, each in told.items()}
        )
        answered = {(severity,): mean(_answers(each)) for severity, each in told.items()}
        _set(self._response, {key: length for key, length in answered.items() if length is not None})


def mean(seconds: Iterable[float]) -> float | None:
    """Their mean; None of none."""
    known = list(seconds)
    return sum(known) / len(known) if known else None


def _lengths(found: Iterable[Deployment]) -> Iterable[float]:
    return (each.finished - each.started for each in found if each.finished is not None and each.started is not None)


def _answers(found: Iterable[EndedAlert]) -> Iterable[float]:
    return (max(0.0, each.answered.at - each.alert.began) for each in found if each.answered is not None)


def _set(gauge: Gauge, values: Mapping[tuple[str, ...], float]) -> None:
    gauge.clear()
    for labels, value in values.items():
        gauge.labels(*labels).set(value)
