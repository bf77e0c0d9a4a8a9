"""`instrument(app)`: one line, and the handle it gives back."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .clock import Clock, SystemClock
from .config.config import Config, read_config
from .counts.red import Red
from .errors import BadObjective, NotAnApplication
from .export.exporter import Exporter, MakeTransport
from .export.transport import transport
from .export.worker import Worker
from .health import Health
from .identity import Resource
from .names import PROM_ERRORS
from .redaction.rules import Rules
from .requests.engine import ENGINES, check, put_inside
from .requests.placement import is_starlette, put_outermost, serves_itself
from .tracing.current import enter, leave
from .tracing.spanqueue import SpanQueue
from .work.ending import at_child_end

if TYPE_CHECKING:
    from decimal import Decimal

    from prometheus_client import CollectorRegistry

    from .logs.logs import Logs
    from .objectives import Objective
    from .requests.middleware import (
        App,
        Receive,
        Request,
        Scope,
        Send,
    )
    from .work import Consumer, Crew, Operation

SHUTDOWN_TIMEOUT: Final = 5.0
FLUSH_TIMEOUT: Final = 10.0

_NONE: Final = object()
NO_APPLICATION: Final = "instrument() was not given an application: there is none to serve"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_log = logging.getLogger("fournines.instrumentation")


def instrument(
    app: Any = _NONE,
    service: str | None = None,
    *,
    version: str | None = None,
    metrics_path: str | None = "/metrics",
    metrics_port: int | None = None,
    metrics_token: str | None = None,
    clients: bool | Collection[str] = True,
    engine: str = "fournines",
    logs: str | None = None,
    objectives: Iterable[Objective] = (),
    redaction: Rules | None = None,
) -> Telemetry:
    """Makes a FastAPI, Starlette or any other ASGI application say what it does; the environment (`OTEL_*`) says the rest.

    FastAPI and Starlette applications are instrumented in place, outermost, so `uvicorn module:app` stays as it is; of any
    other ASGI application, serve `telemetry.app`. Doing it twice is doing it once. `service` stands above
    `OTEL_SERVICE_NAME`; `version` becomes `service.version`; `metrics_path=None` switches the metrics page off;
    `metrics_port` gives it a port of its own, and takes it off the application; who reads it has to show `metrics_token`.
    `clients` names the libraries whose outgoing calls are followed: True for all that are there, False for none.
    `engine="opentelemetry"` has opentelemetry-instrumentation-fastapi watch the requests, for who has to compare, or trusts
    it more: same exporters, same page. `logs="json"` turns the process's consoles to lines of JSON, `logs="plain"` puts ids on
    every record of theirs. `objectives` are what the service promises, as `telemetry.slo` says it beside an endpoint;
    `redaction` is what is taken out besides, and stands above the environment, field by field. The export thread starts with
    the server (or the first request).

    Without an application, `instrument(service="settler")`, the handle is for work that is no request (`operation`,
    `consumer`); for a service that has such a handle already it is given again.

    Raises `NotAnApplication` for what can't be called, `NoSuchEngine` for an engine that is not there, `NoSuchClient` for a
    library that is not known, `InstrumentationError` for `logs` that are none of these, `BadObjective` for two objectives of
    one name; nothing of it ever raises later.
    """
    if app is not _NONE and not callable(app):
        raise NotAnApplication(f"instrument() needs an ASGI application, not {type(app).__name__}")
    with _making.lock:
        known = _alone(service) if app is _NONE else _known(app)
        if known is not None:
            if service not in (None, known.service):
                _log.warning("already instrumented as %r; %r is ignored", known.service, service)
            if redaction is not None:
                _log.warning("already instrumented as %r; the rules of redaction are ignored", known.service)
            known.declare(*objectives)
            return known
        config = read_config(service, version)
        page, lines = config.page.with_arguments(metrics_port, metrics_token), config.logs.with_argument(logs)
        rules = (redaction or Rules()).over(config.redaction)
        config = replace(config, page=page, logs=lines, redaction=rules)
        if app is _NONE:
            telemetry: Telemetry = _WithoutApplication(None, config, clients=clients, engine=engine)
            _ALONE[telemetry.service] = telemetry
        else:
            telemetry = Telemetry(app, config, metrics_path=metrics_path, clients=clients, engine=engine)
            _KNOWN[id(app)] = telemetry
        telemetry.declare(*objectives)
        return telemetry


class _Making:
    """One handle is made at a time: two threads that instrument one application make one."""

    def __init__(self) -> None:
        self.lock = threading.RLock()


_making: Final = _Making()


class Telemetry:
    """The handle of one instrumented application: an ASGI application itself, and the way to flush and to stop.

    Made by `instrument()`; a clock and a transport of one's own are for tests.
    """

    def __init__(
        self,
        app: Any,
        config: Config,
        *,
        metrics_path: str | None = "/metrics",
        clients: bool | Collection[str] = True,
        engine: str = "fournines",
        clock: Clock | None = None,
        make_transport: MakeTransport = transport,
    ) -> None:
        from .outgoing import wanted

        check(engine)
        self._config, self._clients = config, wanted(clients, config.clients_off)
        self._aside = config.disabled or engine != ENGINES[0]
        self._type = "\0" if self._aside else "http"  # of scopes that are requests to be measured here
        self._metrics_path = metrics_path
        self._page = metrics_path or "\0"  # the end of paths that are looked at twice
        self._original = app
        self._inner: App = app
        self._stopped = False
        self._crew: Crew | None = None
        if config.disabled:
            return
        clock = clock or SystemClock()
        self._health = Health()
        self._red = Red(config.boundaries)
        self._spans = SpanQueue(config.span_queue, config.span_batch, self._health, wanted=config.traces is not None)
        self._exporter = Exporter(config, self._red, self._spans, self._health, clock, make_transport)
        from .emf.export import emf_export
        from .logs.logs import Logs

        redactor = self._exporter.redactor
        self._logs = Logs(
            config.logs,
            config.attributes,
            redactor=redactor,
            health=self._health,
            clock=clock,
            make_transport=make_transport,
        )
        ways = (self._logs.export, emf_export(config.emf, redactor, clock, self._health))
        self._exporter.outlets = [way for way in ways if way is not None]
        self._worker = Worker(self._exporter, clock, self._health)
        self._spans.wake = self._logs.wake = self._worker.wake
        self._prepare()
        self._employ()
        self._declare_to(self._exporter)
        self._in_place = is_starlette(app)
        self._kind = type(app) if self._in_place else None
        if self._in_place:
            self._inner = put_outermost(app, self.__call__)
        if self._aside and app is not None:
            self._inner = put_inside(app, self._inner, self._instruments)
        _LIVE.add(self)
        weakref.finalize(self, _let_go, self._worker, self._logs).atexit = False

    @property
    def app(self) -> App:
        """What a server is to serve: the application itself where it was instrumented in place, else this handle."""
        served: App = self._original if self._config.disabled or self._in_place else self
        return served

    @property
    def service(self) -> str:
        """The name this service reports under."""
        return self._config.attributes["service.name"]

    @property
    def clients(self) -> frozenset[str]:
        """The libraries whose outgoing calls are traced, or will be once they are imported: those that were asked for and are there."""
        from .outgoing import followed

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
        try:
            measured = scope["type"] == self._type
            if measured and scope["path"].endswith(self._page):
                measured = not self._is_scrape(scope)
            request = (
                self._request(self._instruments, scope, receive, send)
                if measured and self._measured not in scope
                else None
            )
        except Exception:  # noqa: BLE001 - the outer guard: a request is never hurt by being watched
            self._health.add(PROM_ERRORS, "begin")
            measured, request = True, None
        if request is None:
            await (self._inner if measured else self._serve_other)(scope, receive, send)
            return
        token = enter(request.context)
        try:
            if (kind := self._kind) is None:
                await self._inner(scope, request.receive, request.send)
            else:  # as `_inner`, which is a call more
                await kind.__call__(self._original, scope, request.receive, request.send)
        except BaseException as raised:
            self._over(request, raised)
            raise
        else:
            if not request.reported:
                self._over(request, None)
        finally:
            try:
                leave(token)
            except Exception:  # noqa: BLE001 - as above: the application has come back on another thread's context
                self._health.add(PROM_ERRORS, "context")

    def _over(self, request: Request, raised: BaseException | None) -> None:
        try:
            request.over(raised)
        except Exception:  # noqa: BLE001 - as above
            self._health.add(PROM_ERRORS, "report")

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
        from .objectives import Objective

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
        from .objectives import Objective

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
        if self._config.disabled:
            return
        self._stopped = False
        _STARTED.add(self)
        at_child_end(_say_goodbyes)
        self._logs.begin()
        self._worker.start()
        self._exposition.start()

    def flush(self, timeout: float = FLUSH_TIMEOUT) -> bool:
        """Sends everything so far now, waiting at most `timeout` seconds; True when the collector acknowledged it.

        It blocks: from a coroutine, `await asyncio.to_thread(telemetry.flush)`.
        """
        if self._config.disabled:
            return True
        self.start()
        return self._worker.flush(timeout)

    def shutdown(self, timeout: float = SHUTDOWN_TIMEOUT) -> bool:
        """Sends what is left and the good-bye, taking at most `timeout` seconds; True when it was acknowledged.

        A server's end and the interpreter's do it by themselves; once more does nothing. Requests that come later are
        counted on `/metrics` only, until `start()`.
        """
        if self._config.disabled or self not in _STARTED:
            return True
        self._stopped = True
        _STARTED.discard(self)
        self._logs.end()
        self._exposition.stop()
        return self._worker.stop(timeout)

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever is no request to be measured here."""
        kind = scope["type"]
        if self._config.disabled:
            await self._inner(scope, receive, send)
        elif kind == "lifespan":
            await self._watch(self._inner, scope, receive, send, self.start, self.shutdown)
        elif kind == "http" and self._is_scrape(scope):
            await self._exposition.respond(scope, send)
        elif kind == "websocket" and not self._aside:
            await self._connect(self._inner, self._instruments, scope, receive, send)
        else:
            self._wake()
            await self._inner(scope, receive, send)

    def _prepare(self) -> None:
        # Everything that is slow to import is imported here, once, and not with the package; nor by the export thread, whose
        # half-done import would hang a child that was forked meanwhile.
        from .export import otlp  # noqa: F401 - see above
        from .exposition.exposition import Exposition
        from .requests.lifespan import watched
        from .requests.middleware import MEASURED, Request
        from .requests.websocket import connected
        from .setup import instruments

        self._watch, self._connect = watched, connected
        self._request, self._measured = Request, MEASURED
        page = self._config.page
        self._exposition = Exposition(self._red, self._spans, self._health, self._exporter, page)
        if self._exposition.elsewhere:
            self._metrics_path = None
        self._instruments = instruments(
            self._config,
            red=self._red,
            health=self._health,
            spans=self._spans,
            resource=partial(_resource, self._exporter),  # and not of the handle, which nobody may hold for ever
            on_request=self._start_once,
            on_failure=self._failed,
            clients=self._clients,
            worker=self._worker,
        )

    def _employ(self) -> None:
        from .work.crew import Crew
        from .work.operation import Operation  # noqa: F401 - as in `_prepare`

        self._crew = Crew(self._instruments, self._exporter.work, self._exporter.redactor.text)

    def _declare_to(self, exporter: Exporter) -> None:
        from .objectives import Declarations

        made = self._instruments
        self._declarations = Declarations(
            self.service, self._original, self._red, made.sampling, self._health, made.routes.root
        )
        exporter.declared = self._declarations.due

    def _wake(self) -> None:
        try:
            self._start_once()
        except Exception:  # noqa: BLE001 - as in `__call__`
            self._health.add(PROM_ERRORS, "start")

    def _start_once(self) -> None:
        if self._worker.thread is None and not self._stopped:
            self.start()

    def _failed(self) -> None:
        if self._exporter.failed():
            self._worker.wake()

    def _is_scrape(self, scope: Scope) -> bool:
        path = self._metrics_path
        if path is None or scope.get("method") not in ("GET", "HEAD"):
            return False
        if scope["path"] not in (path, scope.get("root_path", "") + path):
            return False
        if serves_itself(self._original, path):
            _log.warning("the application has a route %s of its own; ours is switched off", path)
            self._metrics_path = None
            return False
        return True

    def _forget(self) -> None:
        self._worker.forget()
        self._exporter.forget()
        if self._crew is not None:
            self._crew.forget()
        self._declarations.forget()
        self._exposition.forget()
        self._stopped = False


class _WithoutApplication(Telemetry):
    """A handle for work that is no request."""

    @property
    def app(self) -> App:
        raise NotAnApplication(NO_APPLICATION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotAnApplication(NO_APPLICATION)


_ALONE: Final[dict[str, Telemetry]] = {}
"""Held here: a worker that has nothing to ask of its handle need not keep it."""
_KNOWN: Final[weakref.WeakValueDictionary[int, Telemetry]] = weakref.WeakValueDictionary()
_LIVE: Final[weakref.WeakSet[Telemetry]] = weakref.WeakSet()
_STARTED: Final[weakref.WeakSet[Telemetry]] = weakref.WeakSet()
_PARTING: Final[set[Worker]] = set()


def living() -> list[Telemetry]:
    """Every handle of this process that somebody still holds, but those that `OTEL_SDK_DISABLED` switched off."""
    return list(_LIVE)


def _resource(of: Exporter) -> Resource:
    return of.resource


def _known(app: Any) -> Telemetry | None:
    if isinstance(app, Telemetry):
        return app
    return _KNOWN.get(id(app))


def _alone(service: str | None) -> Telemetry | None:
    """The handle without an application of that service; of any, where none is named."""
    return next(iter(_ALONE.values()), None) if service is None else _ALONE.get(service)


def _after_fork() -> None:
    """A child has its parent's memory, but none of its threads: what was not sent yet is the parent's to send."""
    _making.lock = threading.RLock()
    _STARTED.clear()
    _PARTING.clear()
    for telemetry in list(_LIVE):
        telemetry._forget()  # noqa: SLF001 - the class's own fork hook


def _let_go(worker: Worker, logs: Logs) -> None:
    """An application nobody holds any more (tests make one each) must not leave its thread behind."""
    _PARTING.difference_update([one for one in _PARTING if not one.ending])
    logs.end()
    worker.part(SHUTDOWN_TIMEOUT)
    if worker.ending:
        _PARTING.add(worker)


def _say_goodbyes() -> None:
    # All at once: a collector that hangs holds the interpreter's end up for one time-out, however many there are.
    deadline = time.monotonic() + SHUTDOWN_TIMEOUT
    started = list(_STARTED)
    for telemetry in started:
        telemetry._worker.part(SHUTDOWN_TIMEOUT)  # noqa: SLF001 - the class's own exit hook
    for end in (*(telemetry.shutdown for telemetry in started), *(worker.stop for worker in _PARTING)):
        end(max(0.0, deadline - time.monotonic()))


def _on_fork(hook: Callable[[], None]) -> None:
    if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
        os.register_at_fork(after_in_child=hook)


_on_fork(_after_fork)
atexit.register(_say_goodbyes)
