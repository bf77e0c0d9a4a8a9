"""The route template of a finished request, read from what the router left in the scope. Nothing is matched again.

`http.route` has to be the whole template, with the prefixes of routers and mounted applications, and never the path a
client sent. Starlette keeps the route that answered; FastAPI keeps, for a router that was included, a context with the
full template; for plain routes and mounts FastAPI leaves only the endpoint, which is looked up once among the routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Scope = Mapping[str, Any]

REMEMBERED: Final = 4096
"""Endpoints remembered: more than any application has, and a bound if one makes them on the fly."""

MOUNT_TAIL: Final = "/{path}"
"""What ends a mount's own template: the rest of the path, which is for those below it."""


class Root:
    """Where the application is mounted by its server, as the first request said that did; empty as long as none did."""

    path = ""


class Routes:
    """Finds templates, and remembers what it had to look up."""

    def __init__(self) -> None:
        self.root = Root()
        self._formats: dict[int, tuple[Any, str | None]] = {}

    def template(self, scope: Scope) -> str | None:
        """The template of the route that answered; None when none did (a 404), or none is known."""
        route, included = scope.get("route"), scope.get("fastapi")
        plain = route is not None and not included
        path_format = getattr(route, "path_format", None) if plain else self._path_format(route, included, scope)
        if not isinstance(path_format, str):
            return None
        prefix: str = scope.get("root_path") or ""
        if "app_root_path" not in scope:
            return self._rooted(prefix) + path_format if prefix else path_format
        if scope["app_root_path"]:
            self._rooted(scope["app_root_path"])
        return _mounted(scope, prefix, path_format)

    def _rooted(self, path: str) -> str:
        prefix = path.rstrip("/")
        self.root.path = self.root.path or prefix
        return prefix

    def _path_format(self, route: Any, fastapi: Any, scope: Scope) -> str | None:
        included = fastapi.get("effective_route_context") if fastapi else None
        if included is not None and (route is None or included.original_route is route):
            found = _format(getattr(included, "starlette_route", None)) or _format(included)
        elif route is not None:
            found = _format(route)
        else:
            found = self._remembered(scope)
        return found

    def _remembered(self, scope: Scope) -> str | None:
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return None
        known = self._formats.get(id(endpoint))
        if known is None or known[0] is not endpoint:
            if len(self._formats) >= REMEMBERED:
                self._formats.clear()
            known = self._formats[id(endpoint)] = (endpoint, _look_up(scope, endpoint))
        return known[1]


def _format(route: Any) -> str | None:
    path_format = getattr(route, "path_format", None)
    return path_format if isinstance(path_format, str) else None


def _look_up(scope: Scope, endpoint: Any) -> str | None:
    for owner in (scope.get("app"), scope.get("router")):
        for route in getattr(owner, "routes", None) or ():
            if endpoint in (getattr(route, "endpoint", None), getattr(route, "app", None)):
                return _format(route)
    # A mount whose own route is out of reach still has its prefix in `root_path`.
    return MOUNT_TAIL if "app_root_path" in scope else None


def _mounted(scope: Scope, root_path: str, path_format: str) -> str:
    """`root_path` as its template, and the route behind it. A mount's own format already holds its part of the prefix."""
    application = (scope.get("app_root_path") or "").rstrip("/")
    mounted = root_path[len(application) :]
    if path_format.endswith(MOUNT_TAIL) and _is_mount(scope, path_format):
        path_format = MOUNT_TAIL
    prefix = _with_names(mounted, scope.get("path_params") or {}, path_format)
    return (application + prefix).rstrip("/") + path_format


def _is_mount(scope: Scope, path_format: str) -> bool:
    route = scope.get("route")
    return route is None or (hasattr(route, "routes") and _format(route) == path_format)


def _with_names(prefix: str, params: Mapping[str, Any], path_format: str) -> str:
    """The prefix with the values of the mounts' own parameters turned back into their names.

    A value that can't be found again would be the client's own text in a label: then the prefix is left out.
    """
    position = 0
    for name, value in params.items():
        if f"{{{name}}}" in path_format:
            continue
        found = _find_segments(prefix, str(value), position)
        if found < 0:
            return ""
        prefix = f"{prefix[: found + 1]}{{{name}}}{prefix[found + 1 + len(str(value)) :]}"
        position = found + len(name) + 3
    return prefix


def _find_segments(prefix: str, value: str, start: int) -> int:
    """Where `/value` stands in the prefix as whole segments; -1 when nowhere."""
    found = prefix.find("/" + value, start)
    while found >= 0 and prefix[found + 1 + len(value) : found + 2 + len(value)] not in ("", "/"):
        found = prefix.find("/" + value, found + 1)
    return found
