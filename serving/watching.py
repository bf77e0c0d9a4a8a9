"""From settings to who watches the collector, and what is looked at beside burn."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry

from ..alerts import Notifier, Receiver
from ..alerts.conditions.at_risk import AtRisk
from ..alerts.conditions.certificate import Certificate, ExpiringCertificate
from ..alerts.conditions.condition import Condition
from ..alerts.conditions.exhausted import Exhausted
from ..alerts.conditions.traffic_collapse import TrafficCollapse
from ..alerts.senders import AlertmanagerNotifier
from ..alerts.senders.http import origin
from ..alerts.watch import Beat, Patient, UrlBeat, Watch, WatchdogBeat
from ..collector.plane import Plane
from ..settings import Settings
from ..slo import Severity
from .chances import Chances
from .counts import Counts
from .surveying import Looking

MEMORY: Final = "watch.json"
"""The file in the data folder in which the watch remembers what it told."""

_PORT: Final = 8400


class ProbedCertificates:
    """The certificates that probes are shown; of several probes of one address, the one that ends first."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def certificates(self) -> Iterable[Certificate]:
        """Those of all probes that verify one."""
        found: dict[tuple[str, str], Certificate] = {}
        for probe, (expires, expired) in self._plane.certificates.items():
            shown = Certificate(probe.service, probe.shown, expires, expired)
            found[probe.service, probe.shown] = _worse(shown, found.get((probe.service, probe.shown), shown))
        return list(found.values())


def _worse(one: Certificate, other: Certificate) -> Certificate:
    """The end that comes first, and whether either is over."""
    ends = [each.expires for each in (one, other) if each.expires is not None]
    return one._replace(expires=min(ends, default=None), expired=one.expired or other.expired)


class Beside(NamedTuple):
    """The conditions beside burn: all that are judged, and those that look things up beforehand."""

    judged: Sequence[Condition]
    looking: Sequence[Looking]


def beside_burn(counts: Counts, chances: Chances, plane: Plane) -> Beside:
    """Who says more comes first: of a spent budget nobody hears that it is at risk."""
    traffic = TrafficCollapse(counts, lambda: plane.collector.listening)
    at_risk = AtRisk(chances.of)
    judged = (traffic, Exhausted(), at_risk, ExpiringCertificate(ProbedCertificates(plane)))
    return Beside(judged, (traffic, at_risk))


def watch_of(
    settings: Settings,
    patient: Patient,
    notifiers: Mapping[Receiver, Notifier],
    url: str,
    now: Callable[[], float],
    stopwatch: Callable[[], float],
    registry: CollectorRegistry,
) -> Watch:
    """The watch that the settings ask for. Those who are paged are told, and every Alertmanager hears the watchdog.

    Raises `InvalidReceiver`.
    """
    collector = collector_name(url)
    asked = settings.heartbeat
    beats: dict[str, Beat] = {
        receiver.name: WatchdogBeat(notifier, collector, url, now())
        for receiver, notifier in notifiers.items()
        if isinstance(notifier, AlertmanagerNotifier)
    }
    intervals = {}
    if asked:
        address = asked.url.get_secret_value()
        beats[origin(address)] = UrlBeat(address, asked.method)
        intervals[origin(address)] = asked.interval
    return Watch(
        patient,
        {receiver.name: each for receiver, each in notifiers.items() if Severity.PAGE in receiver.severities},
        beats,
        collector=collector,
        public_url=url,
        memory=settings.data / MEMORY,
        now=now,
        stopwatch=stopwatch,
        registry=registry,
        intervals=intervals,
    )


def collector_name(url: str) -> str:
    """What this collector is known by among others: its machine, and the port of its pages where that is not the usual one."""
    parts = urlsplit(url)
    name = platform.node() or parts.hostname or ""
    return f"{name}:{parts.port}" if parts.port not in (None, _PORT) else name
