"""What the requests of one application are measured with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import names
from ..counts.red import A_FEW, MOST, Red
from ..health import Health
from ..propagation.propagators import Propagators
from ..tracing.sampling import Sampling
from ..tracing.spanqueue import SpanQueue
from ..tracing.tracing import Tracing
from .route import Routes

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

    from ..export.worker import Worker
    from ..work.tracing import WorkTracing


class Instruments:
    """What a request is measured with. One for each instrumented application; `tracing` is set when all else is there."""

    tracing: Tracing
    work: WorkTracing
    tracer: Tracer
    provider: TracerProvider

    def __init__(
        self,
        *,
        red: Red,
        health: Health,
        propagators: Propagators,
        known_methods: frozenset[str],
        spans: SpanQueue,
        routes: Routes,
        sampling: Sampling,
        on_failure: Callable[[], None],
        on_request: Callable[[], None],
        clients: frozenset[str],
        worker: Worker,
    ) -> None:
        self.red, self.health, self.propagators = red, health, propagators
        self.known_methods, self.spans, self.clients = known_methods, spans, clients
        self.sampling, self.on_failure, self.on_request, self.worker = sampling, on_failure, on_request, worker
        self.routes, self.template = routes, routes.template

    def start(self) -> None:
        """Starts what has to run, where it does not run."""
        try:
            self.on_request()
        except Exception:  # noqa: BLE001 - where no thread can be started the request is counted all the same
            self.failed("start")

    def crowded(self, waiting: int) -> None:
        """Many requests wait to be counted: that is the export thread's; where it does not come to it, each request does a few."""
        if waiting > MOST:
            self.red.settle(A_FEW)
        else:
            self.worker.wake()

    def failed(self, where: str) -> None:
        """Counts a fault of ours."""
        self.health.add(names.PROM_ERRORS, where)
