"""Everything one service is measured with and sends by, made once and in this order: each of what was made before it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from . import names
from .aws.bridge import bridge
from .clock import Clock
from .config.config import Config
from .config.target import Target
from .counts.red import Red
from .counts.work import WorkCounts
from .emf.export import emf_export
from .export.exporter import Exporter
from .export.outbox import Outbox
from .export.outlet import Ways
from .export.spans import SpanExport
from .export.transport import Transport
from .export.worker import Worker
from .exposition.exposition import Exposition
from .exposition.families import Own
from .forks import forgets
from .health import Health
from .identity import Identity
from .life import Life
from .logs.logs import Logs
from .objectives.declarations import Declarations
from .outgoing.following import follow
from .propagation.propagators import propagators
from .providers import head, set_tracing
from .redaction.redactor import Redactor
from .requests.instruments import Instruments
from .requests.route import Routes
from .resources.discovery import ResourceDiscovery
from .tracing.sampling import Sampling
from .tracing.spanqueue import SpanQueue
from .work.crew import Crew

MakeTransport = Callable[[Target], Transport | None]


class Parts:
    """The parts of one handle; none of them knows the handle, which only its holders keep alive."""

    def __init__(
        self,
        app: Any,
        config: Config,
        clients: frozenset[str],
        clock: Clock,
        make_transport: MakeTransport,
    ) -> None:
        self._config, self._clock, self._make_transport = config, clock, make_transport
        self.health = health = Health()
        self.worker = Worker(clock, health)
        self._redactor = redactor = Redactor(config.redaction, health)
        discovery = ResourceDiscovery(config.asked, health) if config.asked else None
        self._identity = Identity(config.attributes, redactor, discovery)
        self.red, self._work = Red(config.boundaries), WorkCounts(config.boundaries)
        self.spans = SpanQueue(
            config.span_queue, config.span_batch, health, self.worker.wake, wanted=config.traces is not None
        )
        self._sampling = Sampling(head(config, self._identity.resource, health), config.kept_share, config.slow)
        self._routes, service = Routes(), config.attributes[names.SERVICE_NAME]
        self.declarations = Declarations(service, app, self.red, self._sampling, health, self._routes.root)
        self.logs = Logs(
            config.logs, config.attributes, redactor=redactor, health=health, clock=clock,
            make_transport=make_transport, wake=self.worker.wake,
        )  # fmt: skip
        self.exporter = self._exporter()
        own = Own(self.red, self._work, self.spans, health, self._identity.resource, lambda: self.exporter.waiting)
        self.exposition = Exposition(own, config.page, service, health)
        self.life = Life(self.worker, self.exporter, self.logs, self.exposition)
        self.instruments = instruments = self._instruments(clients)
        self.crew = Crew(instruments, lambda: instruments.work, self._work, redactor.text)
        # Health first: the others count in it while they begin anew, and its lock may be one that nobody is left to release.
        forgets(health, self.worker, self.exporter, self.exposition, self.declarations, self.crew, self.life)

    def _exporter(self) -> Exporter:
        config, clock, redactor = self._config, self._clock, self._redactor
        outbox = self._outbox(config.metrics)
        return Exporter(
            config,
            self.red,
            self._work,
            self._identity,
            redactor=redactor,
            outbox=outbox,
            ways=self._ways(outbox),
            declared=self.declarations.due,
            clock=clock,
        )

    def _ways(self, outbox: Outbox | None) -> Ways:
        config = self._config
        spans = SpanExport(config, self.spans, self._redactor, self.health, self._outbox(config.traces))
        emf = emf_export(config.emf, self._redactor, self._clock, self.health)
        logs, counts = self.logs.export, config.metrics and config.metrics.receiver
        targets = ((spans, config.traces), (logs, config.logs.target), (emf, None))
        made = [(way, target is not None and target.receiver == counts) for way, target in targets if way is not None]
        return Ways(
            beside=[way for way, behind in made if not behind],
            behind=[way for way, behind in made if behind],
            told=[] if emf is None else [emf.sealed],
            held=[way for way in (outbox, spans, logs, emf) if way is not None],
        )

    def _outbox(self, target: Target | None) -> Outbox | None:
        way = None if target is None else self._make_transport(target)
        if target is None or way is None:
            return None
        return Outbox(target.signal, way, self._clock, self.health, target.timeout)

    def _instruments(self, clients: frozenset[str]) -> Instruments:
        config, health, red, spans = self._config, self.health, self.red, self.spans
        refused = partial(health.add, names.PROM_REFUSED_HEADERS)
        made = Instruments(
            red=red,
            health=health,
            spans=spans,
            routes=self._routes,
            propagators=propagators(config.propagators, refused, self._redactor.pair),
            known_methods=config.known_methods,
            sampling=self._sampling,
            on_failure=self._failed,
            on_request=self.life.start_once,
            clients=clients,
            worker=self.worker,
        )
        set_tracing(made, self._identity.resource, self._redactor, config.lengths)
        red.hand_on, spans.settle = spans.put_ended, red.settle
        red.failed = partial(made.failed, "report")
        if clients:
            follow(made)
        bridge(config.clients_off)
        return made

    def _failed(self) -> None:
        """Counts leave sooner after a failure."""
        if self.exporter.failed():
            self.worker.wake()
