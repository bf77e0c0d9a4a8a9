"""The handle of one service: what its own code says to us, and asks of us."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .clock import Clock, SystemClock
from .config.config import Config
from .errors import BadObjective, NotAnApplication
from .process import TIMEOUT

if TYPE_CHECKING:
    from decimal import Decimal

    from prometheus_client import CollectorRegistry

    from .objectives.objective import Objective
    from .parts import MakeTransport
    from .requests.asgi import App, Receive, Scope, Send
    from .work.crew import Crew
    from .work.operation import Consumer, Operation

FLUSH_TIMEOUT: Final = 10.0
NO_APPLICATION: Final = "instrument() was not given an application: there is none to serve"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Telemetry:
    """The handle of one instrumented application: an ASGI application itself, and the way to flush and to stop.

    Made by `instrument()`; a clock and a transport of one's own are for tests.
    """

    _crew: Crew | None
    _served: App | None

    def __init__(
        self,
        app: Any,
        config: Config,
        *,
        metrics_path: str | None = "/metrics",
        clients: bool | Collection[str] = True,
        engine: str = "fournines",
        clock: Clock | None = None,
        make_transport: MakeTransport | None = None,
    ) -> None:
        # Everything that is slow to import is imported here, once, and not with the package; nor by a thread of ours, whose
        # half-done import would hang a child that was forked meanwhile.
        from .export.transport import transport
        from .outgoing.libraries import wanted
        from .parts import Parts
        from .requests.engine import check
        from .requests.outermost import Outermost

        check(engine)
        self._config, self._clients = config, wanted(clients, config.clients_off)
        self._crew, self._served, self._outermost = None, app, app
        if config.disabled:
            return
        parts = Parts(app, config, self._clients, clock or SystemClock(), make_transport or transport)
        self._health, self._red, self._spans, self._crew = parts.health, parts.red, parts.spans, parts.crew
        self._worker, self._exporter, self._life = parts.worker, parts.exporter, parts.life
        self._logs, self._exposition, self._declarations = parts.logs, parts.exposition, parts.declarations
        self._instruments = parts.instruments
        if app is not None:
            path = None if parts.exposition.elsewhere else metrics_path
            self._outermost = Outermost(app, parts.instruments, self, parts.exposition, path, engine)
            self._served = self._outermost.app
        weakref.finalize(self, parts.life.let_go).atexit = False

    @property
    def app(self) -> App:
        """What a server is to serve: the application itself where it was instrumented in place, else one around it.

        Raises `NotAnApplication` where there is none.
        """
        if self._served is None:
            raise NotAnApplication(NO_APPLICATION)
        return self._served

    @property
    def service(self) -> str:
        """The name this service reports under."""
        return self._config.attributes["service.name"]

    @property
    def clients(self) -> frozenset[str]:
        """The libraries whose outgoing calls are traced, or will be once they are imported: those that were asked for and are there."""
        from .outgoing.following import followed

        return frozenset() if self._config.disabled else followed(self._clients)

    @property
    def registry(self) -> CollectorRegistry:
        """The prometheus-client registry behind the metrics page: what is registered with it appears there as well."""
        if self._config.disabled:
            from prometheus_client import CollectorRegistry

            return CollectorRegistry()
        return self._exposition.registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection, measured; raises what the application raises."""
        if self._outermost is None:
            raise NotAnApplication(NO_APPLICATION)
        await self._outermost(scope, receive, send)

    def operation(self, name: str, *, attributes: Mapping[str, Any] | None = None) -> Operation:
        """Measures work that is no request: `@telemetry.operation("settle")`, or `with telemetry.operation("settle") as span:`.

        Each call, or entering, is one span (INTERNAL; a child of what is under way) and one count in
        `fournines.operation.duration`, with the exception's class as `error.type`; what was cancelled is no event. `name` tells
        operations apart and is never made from data, which belongs into `attributes` (of the span alone, at most 128).
        Nothing of it raises, but decorating a class or a generator does: `InstrumentationError`.
        """
        from .work.operation import Operation

        return Operation(self, self._crew, name, attributes)

    def consumer(
        self,
        destination: str,
        *,
        system: str | None = None,
        group: str | None = None,
        message: Any = None,
        batch: Sequence[Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Consumer:
        """Measures the processing of messages: of one, of a `batch`, or, as a decorator, of its function's first argument.

        The sender's trace is taken up from the message, whatever its library (or from a mapping or pairs of headers): its span is
        the parent; a batch is linked to all its senders. One span (CONSUMER, `process <destination>`) and one count in
        `messaging.process.duration`, under `system` (told by the message where it can be), `destination` and consumer `group`.
        Otherwise as `operation`.
        """
        from .work.operation import Consumer

        return Consumer(self, self._crew, destination, system, group, message, batch, attributes)

    def slo(
        self,
        target: str | Decimal,
        *,
        latency: str | float | Decimal | None = None,
        window: str = "30d",
        name: str = "",
        description: str = "",
        owner: str = "",
        runbook: str = "",
        dashboard: str = "",
    ) -> Callable[[Endpoint], Endpoint]:
        """Declares an objective for the requests that the decorated endpoint answers, above or below its route, and leaves it as it is.

        `@telemetry.slo("99.95%")` promises that so many do not fail, `@telemetry.slo("99%", latency="300ms")` that so many of the
        others take 300 ms at most: that time becomes a boundary of the histogram, and what is longer is slow. The rest is as in
        `Objective`; the name is made of the endpoint's unless given. Raises `BadObjective`, where it is written.
        """
        from .objectives.objective import Objective

        objective = Objective(
            target,
            latency=latency,
            window=window,
            name=name,
            description=description,
            owner=owner,
            runbook=runbook,
            dashboard=dashboard,
        )

        def declared(endpoint: Endpoint) -> Endpoint:
            if not self._config.disabled:
                self._declarations.add(objective, endpoint)
            return endpoint

        return declared

    def declare(self, *objectives: Objective) -> None:
        """Declares objectives for the routes they name, as `instrument(objectives=...)` does. Raises `BadObjective`."""
        from .objectives.objective import Objective

        for objective in objectives:
            if not isinstance(objective, Objective):
                raise BadObjective(f"objectives: write Objective('99.9%', routes='/payments'), not {objective!r:.60}")
            if not self._config.disabled:
                self._declarations.add(objective)

    def logs(self, lines: str = "json") -> None:
        """What the process's consoles show from now on: `json`, `plain` (their own formats, with ids on every record) or `off`.

        Of loggers that are configured later, say it again then. Raises `InstrumentationError` for anything else.
        """
        if not self._config.disabled:
            self._logs.show(lines)

    def start(self) -> None:
        """Starts the export thread, if it does not run: a server's start and a first request do it by themselves."""
        if not self._config.disabled:
            self._life.start()

    def flush(self, timeout: float = FLUSH_TIMEOUT) -> bool:
        """Sends everything so far now, waiting at most `timeout` seconds; True when the collector acknowledged it.

        It blocks: from a coroutine, `await asyncio.to_thread(telemetry.flush)`.
        """
        return self._config.disabled or self._life.flush(timeout)

    def shutdown(self, timeout: float = TIMEOUT) -> bool:
        """Sends what is left and the good-bye, taking at most `timeout` seconds; True when it was acknowledged.

        A server's end and the interpreter's do it by themselves; once more does nothing. Requests that come later are
        counted on `/metrics` only, until `start()`.
        """
        return self._config.disabled or self._life.shutdown(timeout)
