"""Everything one application declared, and when it is said: at once, on every change, and each minute.

The routes of endpoints are looked up by the export thread: an endpoint need not be registered when it is decorated, and no request
waits. Nothing here keeps the application or its endpoints alive.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from inspect import ismethod
from typing import Any, Final

from .. import names
from ..clock import NANOS
from ..counts.red import Red
from ..errors import BadObjective
from ..health import Health
from ..requests.route import Root
from ..tracing.sampling import Sampling
from .objective import Objective
from .places import at_endpoint, at_routes
from .points import Point, points_of
from .served import served

EVERY: Final = 60.0
"""Seconds after which it is said again: for a collector that lost it, and as the sign that it still holds."""

MISSED: Final = 10.0
"""Seconds that an endpoint may take to become one."""

MOST: Final = 100
"""Objectives of one application; a collector takes no more of a service."""

_log = logging.getLogger("fournines.instrumentation")


class Declarations:
    """The objectives of one application. Declaring is safe from any thread; `due` is for one exporter only."""

    def __init__(self, service: str, app: Any, red: Red, sampling: Sampling, health: Health, root: Root) -> None:
        self._service, self._red, self._sampling, self._health, self._root = service, red, sampling, health, root
        self._app, self._alone = _reference(app), app is None
        self._objectives: dict[str, tuple[Objective, Callable[[], Any] | None]] = {}
        """By name, with the endpoint it is for, if it is for one."""
        self._warned: set[str] = set()
        self._lock = threading.Lock()
        self._began: float | None = None
        self.forget()

    def add(self, objective: Objective, endpoint: Any = None) -> None:
        """Declares an objective, for the routes of an endpoint or for those it names. Raises `BadObjective` for a name that is taken, and
        where there is no application whose requests could count.
        """
        if self._alone:
            raise BadObjective(
                "objectives are of requests, and there is no application: write an SLO file for operations and messages"
            )
        subject = None if endpoint is None else _name(endpoint)
        named = objective.named(self._service, subject)
        with self._lock:
            known, of = self._objectives.get(named.name, (None, None))
            if known == named and (of() if of else None) is endpoint:
                return
            if known is not None:
                raise BadObjective(
                    f"an objective named {named.name!r} is declared already; give one of them another `name`"
                )
            if len(self._objectives) >= MOST:
                raise BadObjective(f"more than {MOST} objectives; {named.name!r} is one too many")
            # What is said is made of all of them at once: a new mapping, and never one that changes while it is read.
            found = None if endpoint is None else _reference(endpoint)
            self._objectives = {**self._objectives, named.name: (named, found)}
            self._fresh = True
        if named.threshold is not None:
            self._red.divide(float(named.threshold))

    def due(self, now: float) -> Sequence[Point]:
        """What is to be said at `now` (steady seconds); nothing where it was said lately and is still true. Never raises."""
        try:
            return self._due(now)
        except Exception:  # noqa: BLE001 - routes are the application's own; the counts leave whatever is in them
            self._health.add(names.PROM_ERRORS, "objectives")
            return ()

    def forget(self) -> None:
        """Begins anew in a forked child, which says it all again."""
        self._lock = threading.Lock()
        self._said: Sequence[Point] = ()
        self._said_at = float("-inf")
        self._fresh, self._missing, self._rooted = True, False, ""

    def _due(self, now: float) -> Sequence[Point]:
        if not self._objectives:
            return ()
        self._began = now if self._began is None else self._began
        again = now - self._said_at >= EVERY
        if not (again or self._fresh or self._missing or self._rooted != self._root.path):
            return ()
        self._fresh, self._rooted = False, self._root.path
        points = self._points(late=now - self._began >= MISSED)
        if not points or (points == self._said and not again):
            return ()
        self._said, self._said_at = points, now
        return points

    def _points(self, *, late: bool) -> Sequence[Point]:
        app = self._app()
        routes = [] if app is None else served(app)
        root = self._root.path or (getattr(app, "root_path", None) or "").rstrip("/")
        told: list[Objective] = []
        self._missing = False
        for objective, endpoint in self._objectives.values():
            if endpoint is None:
                placed, missing = at_routes(objective, routes, root)
            else:
                placed, missing = at_endpoint(objective, endpoint(), routes, root)
            told += placed
            self._missing |= bool(missing)
            if missing and late and objective.name not in self._warned:
                self._warned.add(objective.name)
                _log.warning("the objective %s is for %s", objective.name, missing)
        self._sampling.slow_routes = {
            route: int(each.threshold * NANOS) for each in told if each.threshold for route in each.routes
        }
        return [point for each in told for point in points_of(each)]


def _reference(thing: Any) -> Callable[[], Any]:
    """A way to it that does not keep it alive, where there is one."""
    try:
        return weakref.WeakMethod(thing) if ismethod(thing) else weakref.ref(thing)
    except TypeError:
        return lambda: thing


def _name(endpoint: Any) -> str:
    named = getattr(endpoint, "func", endpoint)
    return str(getattr(named, "__name__", None) or type(named).__name__)
