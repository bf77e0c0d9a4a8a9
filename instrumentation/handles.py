"""`instrument(app)`: one handle an application, and one a service that has none; made once, whoever asks."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from .config.config import Config, read_config
from .errors import NotAnApplication
from .forks import forgets
from .redaction.rules import Rules
from .telemetry import Telemetry

if TYPE_CHECKING:
    from .objectives.objective import Objective

_NONE: Final = object()

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

    FastAPI and Starlette applications are instrumented in place, outermost; of any other, serve `telemetry.app`. Doing it twice is
    doing it once. Without an application, `instrument(service="settler")`, the handle is for work that is no request, one a service.
    What is given here stands above the environment, `redaction` field by field. `metrics_path=None` switches the metrics page off,
    `metrics_port` moves it to a port of its own, and its readers show `metrics_token`; `clients` names the libraries whose calls are
    followed, True all, False none; `logs` are "json", "plain" or "off"; with `engine="opentelemetry"` its own code watches requests.

    Raises `NotAnApplication` for what can't be called, `NoSuchEngine`, `NoSuchClient`, `BadObjective` for two objectives of one
    name, `InstrumentationError` for `logs` that are none of these; nothing of it ever raises later.
    """
    if app is not _NONE and not callable(app):
        raise NotAnApplication(f"instrument() needs an ASGI application, not {type(app).__name__}")
    with _handles.lock:
        telemetry = _handles.known(app, service)
        if telemetry is None:
            config = _config(read_config(service, version), metrics_port, metrics_token, logs, redaction)
            told = None if app is _NONE else app
            telemetry = Telemetry(told, config, metrics_path=metrics_path, clients=clients, engine=engine)
            _handles.keep(app, telemetry)
        else:
            _say_ignored(telemetry, service, redaction)
        telemetry.declare(*objectives)
        return telemetry


def living() -> list[Telemetry]:
    """Every handle that `instrument()` has given, and somebody still holds."""
    return _handles.living()


class _Handles:
    """Those that there are. The lock: two threads that instrument one application make one handle."""

    def __init__(self) -> None:
        self._of_applications: weakref.WeakValueDictionary[int, Telemetry] = weakref.WeakValueDictionary()
        self._alone: dict[str, Telemetry] = {}
        """By service. Held here: a worker that has nothing to ask of its handle need not keep it."""
        self.forget()

    def forget(self) -> None:
        """Forgets who held the lock: a forked child has no such thread."""
        self.lock = threading.RLock()

    def living(self) -> list[Telemetry]:
        return list({*self._of_applications.values(), *self._alone.values()})

    def known(self, app: Any, service: str | None) -> Telemetry | None:
        """The handle that there is already: the application's; without one, the service's, or any, where none is named."""
        if isinstance(app, Telemetry):
            return app
        if app is not _NONE:
            return self._of_applications.get(id(app))
        return next(iter(self._alone.values()), None) if service is None else self._alone.get(service)

    def keep(self, app: Any, telemetry: Telemetry) -> None:
        if app is _NONE:
            self._alone[telemetry.service] = telemetry
        else:  # what is served, too: the application, or one around it
            self._of_applications[id(app)] = self._of_applications[id(telemetry.app)] = telemetry


_handles: Final = _Handles()
forgets(_handles)


def _config(
    config: Config, metrics_port: int | None, metrics_token: str | None, logs: str | None, redaction: Rules | None
) -> Config:
    """What the environment says, below what was said in code."""
    return replace(
        config,
        page=config.page.with_arguments(metrics_port, metrics_token),
        logs=config.logs.with_argument(logs),
        redaction=(redaction or Rules()).over(config.redaction),
    )


def _say_ignored(telemetry: Telemetry, service: str | None, redaction: Rules | None) -> None:
    if service not in (None, telemetry.service):
        _log.warning("already instrumented as %r; %r is ignored", telemetry.service, service)
    if redaction is not None:
        _log.warning("already instrumented as %r; the rules of redaction are ignored", telemetry.service)
