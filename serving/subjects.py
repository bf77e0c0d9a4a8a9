"""What port 8400 answers: the routes, a subject each, put together with those whom they ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from fastapi import FastAPI

from ..alerts import Paging
from ..collector import Collector
from ..collector.traces.traces import Traces
from .audit_log import AuditLog
from .callers import Callers
from .chances import Chances
from .correcting import Correcting
from .counts import Counts
from .evaluations import Evaluations
from .exposition import Exposition
from .gating import Gating
from .happenings import Happenings
from .looking_back import LookingBack
from .notices import Notices
from .pulse import Pulse
from .releasing import Releasing
from .reporting import Reporting
from .routes import (
    AlertRoutes,
    AnsweringRoutes,
    AuditRoutes,
    CorrectionRoutes,
    DeclarationRoutes,
    DeploymentRoutes,
    EvidencePages,
    FormGuard,
    GateRoutes,
    HealthRoutes,
    LiveRoutes,
    MetricsRoute,
    OnCallRoutes,
    PageRoutes,
    ReportRoutes,
    SilenceRoutes,
    SloRoutes,
    TraceRoutes,
    VerdictRoutes,
)
from .silencing import Silencing
from .summaries import Summaries
from .surroundings import Surroundings


class _Subject(Protocol):
    def add_routes(self, app: FastAPI) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes ask. `now` gives epoch seconds; `watched` what the watch says of itself.

    `url` is where people find the pages, `otlp` where services send OTLP over HTTP.
    """

    collector: Collector
    counts: Counts
    traces: Traces
    paging: Paging
    evaluations: Evaluations
    exposition: Exposition
    chances: Chances
    notices: Notices
    silencing: Silencing
    surroundings: Surroundings
    pulse: Pulse
    watched: Callable[[], Sequence[dict[str, Any]]]
    now: Callable[[], float]
    url: str
    otlp: str


def subjects_of(parts: Parts) -> Iterator[_Subject]:
    """All of them; where two could answer, the first does."""
    yield HealthRoutes(parts.notices)
    yield MetricsRoute(parts.exposition)
    yield from _of_slos(parts)
    yield from _of_releases(parts)
    yield from _by_hand(parts)
    yield from _of_pages(parts)


def _of_slos(parts: Parts) -> Iterator[_Subject]:
    collector, evaluations = parts.collector, parts.evaluations
    yield SloRoutes(evaluations, Summaries(collector, parts.paging, parts.chances), parts.counts)
    yield DeclarationRoutes(collector)
    yield AuditRoutes(AuditLog(collector.ledger))
    yield TraceRoutes(parts.traces, parts.now)


def _of_releases(parts: Parts) -> Iterator[_Subject]:
    collector, evaluations, now = parts.collector, parts.evaluations, parts.now
    releasing = Releasing(collector, evaluations, now)
    yield DeploymentRoutes(releasing, now)
    happenings = Happenings(LookingBack(collector.ledger), parts.paging, releasing)
    yield ReportRoutes(Reporting(collector, parts.counts, evaluations, happenings, now), now)


def _by_hand(parts: Parts) -> Iterator[_Subject]:
    """What people on call say, through the API and by forms."""
    paging, silencing, now = parts.paging, parts.silencing, parts.now
    answering = AnsweringRoutes(paging, paging, paging, now)
    silences = SilenceRoutes(parts.collector, silencing, silencing, now)
    corrections = CorrectionRoutes(parts.collector, Correcting(parts.collector, now))
    gate = GateRoutes(Gating(parts.collector, parts.evaluations, now))
    guard = FormGuard(urlsplit(parts.url).netloc)
    yield AlertRoutes(paging, LookingBack(parts.collector.ledger), parts.watched)
    yield VerdictRoutes(paging, paging, now)
    yield answering
    yield silences
    yield corrections
    yield gate
    yield OnCallRoutes(parts.evaluations, answering, silences, corrections, gate, silencing, guard, now)


def _of_pages(parts: Parts) -> Iterator[_Subject]:
    yield PageRoutes(
        parts.evaluations,
        parts.paging,
        parts.counts,
        parts.chances,
        parts.notices,
        parts.silencing,
        parts.surroundings,
        LookingBack(parts.collector.ledger),
        parts.now,
        parts.otlp,
    )
    yield LiveRoutes(parts.pulse)
    yield EvidencePages(
        parts.evaluations,
        parts.traces,
        Releasing(parts.collector, parts.evaluations, parts.now),
        parts.paging,
        LookingBack(parts.collector.ledger),
        parts.silencing,
        Callers(parts.collector, parts.traces, parts.now),
        parts.notices,
        parts.now,
    )
