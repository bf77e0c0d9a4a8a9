"""`telemetry.operation(...)` and `telemetry.consumer(...)`: decorators, and context managers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from opentelemetry.context import get_value
from opentelemetry.trace import INVALID_SPAN, Link, Span

from .. import names
from ..errors import InstrumentationError
from ..tracing.spanqueue import LIGHT, text_of
from .carrier import Carried, several
from .crew import Crew
from .plan import WorkPlan
from .run import Run
from .tracing import RUN

MOST_ATTRIBUTES: Final = 128
"""Attributes that whoever begins a span may give it: the SDK's usual limit of a span."""

P = ParamSpec("P")
R = TypeVar("R")


class Operation:
    """Work of one name: `@telemetry.operation("settle")` on a function, or `with telemetry.operation("settle") as span:`.

    Each call, or each entering, is one span and one count; what it raises is passed on as it came. `async with` does the same.
    Once made it may be used any number of times, by any number of threads and tasks. `keeper` is who has to live as long.
    """

    def __init__(self, keeper: object, crew: Crew | None, name: str, attributes: Mapping[str, Any] | None) -> None:
        self._keeper, self._crew, self._name = keeper, crew, name
        self._entered: dict[Run, None] = {}
        """What was entered and not left yet, in this order: taking one out is one step, whatever threads there are."""
        self._given: dict[str, Any] = {}
        self._loud: dict[str, Any] = {}
        """Attributes that say so much that they count towards what spans may hold while they wait."""
        try:
            given = _bounded(attributes)
            if given and text_of(_Told(given)) > LIGHT:
                self._loud = given
            else:
                self._given = given
        except Exception:  # noqa: BLE001 - a mapping may be anybody's
            if crew is not None:
                crew.serving.failed("attributes")

    def __call__(self, work: Callable[P, R]) -> Callable[P, R]:
        """The function, measured. Raises `InstrumentationError` for a class, a generator, or what can't be called."""
        _check(work)
        if self._crew is None:
            return work
        bound, first = _first_of(work)
        if inspect.iscoroutinefunction(work) or inspect.iscoroutinefunction(getattr(work, "__call__", None)):  # noqa: B004 - not whether, but which

            @functools.wraps(work)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                run = self._begun(_argument(args[bound:], kwargs, first))
                try:
                    result = await work(*args, **kwargs)  # type: ignore[misc]  # a coroutine function's result
                except BaseException as raised:
                    _over(run, raised)
                    raise
                _over(run, None)
                return result

            return awaited  # type: ignore[return-value]  # a coroutine function, as `work` is

        @functools.wraps(work)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            run = self._begun(_argument(args[bound:], kwargs, first))
            try:
                result = work(*args, **kwargs)
            except BaseException as raised:
                _over(run, raised)
                raise
            _over(run, None)
            return result

        return called

    def __enter__(self) -> Span:
        run = self._begun(None)
        if run is None:
            return INVALID_SPAN
        self._entered[run] = None
        return run.span

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, stack: TracebackType | None
    ) -> None:
        try:
            run = self._left()
        except Exception:  # noqa: BLE001 - the outer guard: work is never hurt by being watched
            run = self._entered.popitem()[0] if self._entered else None
            if run is not None:
                run.failed("report")
        _over(run, raised)

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, stack: TracebackType | None
    ) -> None:
        self.__exit__(kind, raised, stack)

    def _left(self) -> Run | None:
        """The one to be ended: that under way here; else the one entered last.

        Generators may be left in another thread's context than they were entered in, where nobody could tell them apart: so
        each is ended once, if not always by its own end.
        """
        here = get_value(RUN)
        if isinstance(here, Run) and here in self._entered:
            del self._entered[here]
            return here
        return self._entered.popitem()[0] if self._entered else None

    def _begun(self, argument: Any) -> Run | None:
        """A run under way; `argument` is the first one of a decorated call. None where nothing is measured, or ours failed."""
        if self._crew is None:
            return None
        for make in (self._made, self._plain):
            try:
                run = make(self._crew, argument)
            except Exception:  # noqa: BLE001 - the outer guard: work is never hurt by being watched
                self._crew.serving.failed("begin")
            else:
                if self._loud:
                    self._say(run)
                return run
        return None

    def _say(self, run: Run) -> None:
        try:
            run.span.set_attributes(self._loud)
        except Exception:  # noqa: BLE001 - as in `_begun`: somebody else's span, and the work is under way
            run.failed("attributes")

    def _made(self, crew: Crew, argument: Any) -> Run:
        return self._plain(crew, argument)

    def _plain(self, crew: Crew, _argument: Any) -> Run:
        return Run(crew, crew.operation(self._name), None, (), self._given)


class Consumer(Operation):
    """Messages of one queue or topic: a decorator of a handler, whose first argument is the message (or a list of them: a batch), or
    a context manager around one message or batch.

    The sender's trace is taken up. Otherwise as an `Operation`.
    """

    def __init__(
        self,
        keeper: object,
        crew: Crew | None,
        destination: str,
        system: str | None,
        group: str | None,
        message: Any,
        batch: Sequence[Any] | None,
        attributes: Mapping[str, Any] | None,
    ) -> None:
        super().__init__(keeper, crew, destination, attributes)
        self._system, self._group, self._message, self._batch = system, group, message, batch

    def _made(self, crew: Crew, argument: Any) -> Run:
        message = self._message if argument is None else argument
        batch = several(message) if self._batch is None else several(self._batch) or []
        if batch is not None:
            given = {**self._given, names.BATCH_COUNT: len(batch)}
            system = crew.look_into(batch[0]).system if batch and self._system is None else ""
            return Run(crew, self._plan(crew, system), None, crew.links(batch), given)
        seen = Carried({}) if message is None else crew.look_into(message)
        given = {**self._given, names.MESSAGE_ID: seen.id} if seen.id else self._given
        incoming = crew.incoming(seen.headers)
        links = () if incoming is None or incoming.parent is None else (Link(incoming.parent),)
        return Run(crew, self._plan(crew, seen.system), incoming, links, given)

    def _plain(self, crew: Crew, _argument: Any) -> Run:
        # What can't be looked into is counted all the same.
        return Run(crew, self._plan(crew, ""), None, (), self._given)

    def _plan(self, crew: Crew, told: str) -> WorkPlan:
        return crew.consumer(self._name, self._system or told or names.OTHER, self._group)


class _Told(NamedTuple):
    """Attributes as they are weighed."""

    attributes: Mapping[str, Any]
    name: None = None
    events: tuple[()] = ()


def _bounded(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    if not isinstance(attributes, Mapping):
        return {}
    return {str(key): attributes[key] for key, _ in zip(attributes, range(MOST_ATTRIBUTES), strict=False)}


def _check(work: Any) -> None:
    if inspect.isclass(work) or not callable(work):
        raise InstrumentationError(f"only a function can be an operation, not {work!r}")
    if inspect.isgeneratorfunction(work) or inspect.isasyncgenfunction(work):
        raise InstrumentationError(
            f"{work!r} is a generator, whose work is done by whoever iterates it: measure what is inside, "
            "`with telemetry.operation(...):`"
        )


def _first_of(work: Any) -> tuple[int, str]:
    """How many arguments stand before the first (the object, of a method that is still in its class), and what that is called."""
    try:
        parameters = [*inspect.signature(work).parameters, "", ""]
    except (TypeError, ValueError):  # some built-in functions have no signature
        return 0, ""
    bound = int(parameters[0] in ("self", "cls"))
    return bound, parameters[bound]


def _argument(args: Sequence[Any], kwargs: Mapping[str, Any], first: str) -> Any:
    if args:
        return args[0]
    return kwargs[first] if first in kwargs else next(iter(kwargs.values()), None)


def _over(run: Run | None, raised: BaseException | None) -> None:
    if run is not None:
        run.over(raised)
