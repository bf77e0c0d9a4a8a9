"""Faults planted in the package: one at a time, in each function that a call passes."""

from __future__ import annotations

import contextvars
import importlib
import inspect
import pkgutil
import sys
import types
from typing import NamedTuple

import fournines.instrumentation
from fournines.instrumentation.health import Health


def functions():
    """Code object -> function, of everything in the package that is one."""
    found = {}

    def look(owner):
        for thing in vars(owner).values():
            plain = thing.fget if isinstance(thing, property) else thing
            plain = inspect.unwrap(getattr(plain, "__func__", plain)) if callable(plain) else plain
            if isinstance(plain, types.FunctionType) and plain.__module__.startswith("fournines.instrumentation"):
                found[plain.__code__] = plain
            elif isinstance(plain, type) and plain.__module__ == getattr(owner, "__name__", None):
                look(plain)

    for module in pkgutil.walk_packages(fournines.instrumentation.__path__, "fournines.instrumentation."):
        if not module.name.endswith("sitecustomize"):  # which waits for a server where it is imported
            look(importlib.import_module(module.name))
    return found


def passed(run):
    """The functions of the package that a call passes."""
    known, seen = functions(), set()
    sys.setprofile(lambda frame, event, _: seen.add(frame.f_code) if event == "call" else None)
    try:
        run()
    finally:
        sys.setprofile(None)
    return [known[code] for code in seen if code in known]


def broken(*args, **kwargs):
    raise RuntimeError("planted")


async def broken_coroutine(*args, **kwargs):
    raise RuntimeError("planted")


class Walk(NamedTuple):
    """The functions that a fault was planted in, those where it was felt, and those where nothing counted it."""

    walked: list[str]
    hurt: list[str]
    silent: list[str]


def plant(run, spares, heard_as, monkeypatch):
    """Runs with a fault in each function that `run` passes, but those that it `spares`; `heard_as` are counters that tell of it."""
    counted = []  # also by other applications: the process's provider may be one of an earlier test
    monkeypatch.setattr(Health, "add", lambda self, name, *args, **kwargs: counted.append(name))
    expected, walk = run(), Walk([], [], [])
    for function in passed(run):
        if spares(function):
            continue
        code, name = function.__code__, function.__qualname__
        instead = broken_coroutine if inspect.iscoroutinefunction(function) else broken
        counted.clear()
        function.__code__ = instead.__code__.replace(co_freevars=code.co_freevars)
        try:
            # In a context of its own: what a fault in an exit leaves behind is no later test's.
            if contextvars.copy_context().run(run) != expected:
                walk.hurt.append(name)
        except Exception as e:  # noqa: BLE001 - whatever came through
            walk.hurt.append(f"{name}: {e!r}")
        finally:
            function.__code__ = code
        walk.walked.append(name)
        if not heard_as & {*counted}:
            walk.silent.append(name)
    return walk
