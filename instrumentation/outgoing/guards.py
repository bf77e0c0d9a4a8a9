"""Around instrumentations of others: what they raise themselves reaches no caller.

A function that is followed is wrapped on both sides. The inner side notes what the library did; the outer one hands that on where
the instrumentation between them fails: the answer, if there was one, the library's own exception, or, if it was not called
yet, a call of it as if nobody followed.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Final

from .. import names
from .libraries import Library
from .speaker import followers

_ASYNCPG: Final = ("execute", "executemany", "fetch", "fetchval", "fetchrow")
GUARDED: Final[dict[str, tuple[str, ...]]] = {
    "asyncpg": tuple(f"asyncpg.connection:Connection.{name}" for name in _ASYNCPG),
    "botocore": ("botocore.client:BaseClient._make_api_call",),
    "redis": (
        "redis:Redis.execute_command",
        "redis.client:Pipeline.execute",
        "redis.client:Pipeline.immediate_execute_command",
        "redis.asyncio:Redis.execute_command",
        "redis.asyncio.client:Pipeline.execute",
        "redis.asyncio.client:Pipeline.immediate_execute_command",
    ),
    "requests": ("requests:Session.send",),
    "urllib": ("urllib.request:OpenerDirector.open",),
    "urllib3": ("urllib3.connectionpool:HTTPConnectionPool.urlopen",),
}
"""Library -> the methods that its instrumentation replaces."""


class _Call:
    """What the library did; the instrumentation is at it before and after."""

    result: Any = None
    raised: BaseException | None = None
    called = False


_call: ContextVar[_Call | None] = ContextVar("fournines.call", default=None)


class Guard:
    """One method of one class."""

    def __init__(self, place: str) -> None:
        module, _, path = place.partition(":")
        kind, _, self._name = path.partition(".")
        self._owner = getattr(import_module(module), kind)
        self._original = getattr(self._owner, self._name)
        self._inner: Any = None

    def begin(self) -> None:
        """Before it is followed."""
        make = _noting_async if inspect.iscoroutinefunction(self._original) else _noting
        self._inner = make(self._original)
        setattr(self._owner, self._name, self._inner)

    def end(self) -> None:
        """Now that it is; or as it was, if it is not."""
        followed = self._owner.__dict__[self._name]
        if followed is self._inner:
            setattr(self._owner, self._name, self._original)
            return
        make = _outer_async if inspect.iscoroutinefunction(self._original) else _outer
        setattr(self._owner, self._name, make(followed, self._original))


@contextmanager
def guarded(library: Library) -> Iterator[None]:
    """What is switched on inside can't harm a call."""
    guards = [Guard(place) for place in GUARDED.get(library.name, ())]
    for guard in guards:
        guard.begin()
    try:
        yield
    finally:
        for guard in guards:
            guard.end()


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def inner(*args: Any, **kwargs: Any) -> Any:
        with _noted() as call:
            call.result = original(*args, **kwargs)
        return call.result

    return inner


def _noting_async(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def inner(*args: Any, **kwargs: Any) -> Any:
        with _noted() as call:
            call.result = await original(*args, **kwargs)
        return call.result

    return inner


@contextmanager
def _noted() -> Iterator[_Call]:
    call = _call.get() or _Call()
    call.called = True
    try:
        yield call
    except BaseException as e:
        call.raised = e
        raise


def _outer(followed: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def outer(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _Call()
        token = _call.set(call)
        try:
            return followed.__get__(self, type(self))(*args, **kwargs)
        except Exception as e:
            if not _is_to_blame(call, e):
                raise
            return call.result if call.called else original(self, *args, **kwargs)
        finally:
            _call.reset(token)

    return outer


def _outer_async(followed: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def outer(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _Call()
        token = _call.set(call)
        try:
            return await followed.__get__(self, type(self))(*args, **kwargs)
        except Exception as e:
            if not _is_to_blame(call, e):
                raise
            return call.result if call.called else await original(self, *args, **kwargs)
        finally:
            _call.reset(token)

    return outer


def _is_to_blame(call: _Call, raised: Exception) -> bool:
    """Whether the instrumentation failed, which is counted; where the library did too, its own exception is raised."""
    if call.raised is raised:
        return False
    for outgoing in followers():
        outgoing.health.add(names.PROM_ERRORS, "client")
    if call.raised is not None:
        raise call.raised
    return True
