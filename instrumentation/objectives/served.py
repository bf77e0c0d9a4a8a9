"""Which endpoints an application serves, and under which templates: those that its requests are counted under (`requests/route.py`).

Asked for without importing a framework, as in `requests/placement.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from ..requests.route import MOUNT_TAIL

_DEEPEST: Final = 32


class Served(NamedTuple):
    """One route: its whole template, its methods (none: any), and what answers."""

    template: str
    methods: frozenset[str]
    endpoint: Any


def served(app: Any) -> list[Served]:
    """All routes of an application, with those of its routers and mounts; none of what is neither FastAPI nor Starlette."""
    return list(_walk(getattr(app, "routes", None) or (), "", _DEEPEST))


def answers(endpoint: Any, function: Any) -> bool:
    """Whether an endpoint is that function, or a wrapper around it that says so."""
    for _ in range(_DEEPEST):
        if endpoint is None or endpoint == function:
            break
        endpoint = getattr(endpoint, "__wrapped__", None) or getattr(endpoint, "func", None)
    return endpoint is not None


def _walk(routes: Iterable[Any], prefix: str, depth: int) -> Iterator[Served]:
    for route in _each(routes):
        below, template = getattr(route, "routes", None), getattr(route, "path_format", None)
        if below is not None:
            # A mount's own template ends with what is left for those below; a host has none.
            mounted = prefix + (template.removesuffix(MOUNT_TAIL) if isinstance(template, str) else "")
            if depth:
                yield from _walk(below, mounted, depth - 1)
        elif isinstance(template, str) and hasattr(route, "methods"):
            yield Served(prefix + template, frozenset(route.methods or ()), getattr(route, "endpoint", None))


def _each(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes; FastAPI keeps an included router as one of its own, and tells what is in it."""
    for route in routes:
        included = getattr(route, "effective_route_contexts", None)
        if included is None:
            yield route
        else:
            yield from ((getattr(one, "starlette_route", None) or one) for one in included())
