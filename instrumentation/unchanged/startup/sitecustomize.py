"""What every Python below `fournines instrument -- CMD` runs at its start: it waits for a server, and does nothing else.

It stands on `PYTHONPATH` under the name that Python's `site` imports. Most of the Pythons that a service starts serve
nothing: so nothing of ours is imported here, and nothing changed but what is imported later under the names below. The
`sitecustomize` that would have been found without us runs last, with the `sys.path` it would have had.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is not loaded at a Python's start
SEAMS = {
    "uvicorn.config": ("Config.load", "uvicorn_load"),
    "hypercorn.utils": ("wrap_app", "hypercorn_wrap_app"),
    "gunicorn.workers.gasgi": ("ASGIWorker.load_wsgi", "gunicorn_load_asgi"),
    "gunicorn.workers.base": ("Worker.load_wsgi", "gunicorn_load_wsgi"),
}
"""A server's module -> the function in it that knows the application, and ours (of `served.py`) in its place."""

_said = set()  # type: set[str]


class Watch:
    """Finds nothing by itself: it has the modules of `SEAMS` found by the others, and changes them once they are there."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """As an import asks its finders."""
        if name not in SEAMS:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self or not hasattr(finder, "find_spec") else finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = Change(spec.loader)  # type: ignore[assignment]  # as much of a loader as an import asks for
                return spec
        return None


class Change:
    """A module's loader, and one step more. The module never hears of it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: Any) -> Any:
        """As the loader does."""
        return self._loader.create_module(spec) if hasattr(self._loader, "create_module") else None

    def exec_module(self, module: Any) -> None:
        """As the loader does; then the module is changed."""
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        change(module)


def change(module: Any) -> None:
    """Puts ours in the place of a server's function; where it has none of that name it stays as it is."""
    where, ours = SEAMS[module.__name__]
    *parts, name = where.split(".")
    owner = module
    for part in parts:
        owner = getattr(owner, part, None)
    original = getattr(owner, name, None)
    if original is None:
        say(f"this version of {module.__name__} has no {where}; what it serves is not measured")
        return
    setattr(owner, name, instead_of(original, ours))


def instead_of(original: Any, ours: str) -> Any:
    """The original, through ours; ours is imported when a server asks, and not before."""

    def asked(*args: Any, **kwargs: Any) -> Any:
        way = found(ours)
        return original(*args, **kwargs) if way is None else way(original, *args, **kwargs)

    asked.__name__, asked.__qualname__, asked.__doc__ = original.__name__, original.__qualname__, original.__doc__
    asked.__wrapped__ = original  # type: ignore[attr-defined]  # as functools.wraps does
    return asked


def found(ours: str) -> Any:
    """The function of that name; None, with a line that says why, where this Python has no fournines that works."""
    try:
        from fournines.instrumentation.unchanged import served
    except Exception as e:  # noqa: BLE001 - the guard: a broken install of ours must not keep a service down
        say(f"{sys.executable} has no fournines that works ({e}); the service runs, but is not measured")
        return None
    return getattr(served, ours)


def say(what: str) -> None:
    """One line, once."""
    if what not in _said and sys.stderr is not None:
        _said.add(what)
        sys.stderr.write("fournines: " + what + "\n")


def theirs() -> None:
    """Runs the `sitecustomize` that stands behind ours; what it raises is told by Python, as it would be without us."""
    sys.path[:] = [part for part in sys.path if os.path.abspath(part or ".") != HERE]  # noqa: PTH100 - as above
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


sys.meta_path.insert(0, Watch())
theirs()
