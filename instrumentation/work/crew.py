"""Who watches the work of one service: what an operation or a message is begun and ended with. Nothing of it may hurt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import Token
from itertools import islice
from typing import Any, Final, Protocol

from opentelemetry.context import Context, get_current
from opentelemetry.trace import INVALID_SPAN, Link, Span

from .. import names
from ..counts.point import Exemplar
from ..counts.work import WorkCounts
from ..errorname import error_name
from ..propagation.propagators import Incoming
from ..tracing.current import (
    Current,
    enter,
    leave,
    served_by,
)
from .carrier import Carried, carried, wanted
from .plan import Plan, consumer_plan, operation_plan, told
from .tracing import WorkTracing, failed_by_user

MOST_PLANS: Final = 1000
"""Names that are prepared for at most; further ones are prepared for each time, so that nobody's names fill the memory."""
MOST_LINKS: Final = 128
"""Messages of a batch that are looked into: as many links as a span has."""
FAILURES: Final = (Exception, SystemExit, KeyboardInterrupt)
"""What work fails with; any other `BaseException` is how event loops cancel it."""


class Instruments(Current, Protocol):
    """What requests are measured with, as far as work needs it."""

    work: WorkTracing
    on_request: Callable[[], None]
    on_failure: Callable[[], None]


class Crew:
    """What the work of one service is watched with."""

    def __init__(self, instruments: Instruments, counts: WorkCounts, redact: Callable[[str], str]) -> None:
        self.instruments, self._counts, self._redact = instruments, counts, redact
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._wanted = wanted(instruments.propagators.fields)
        self.era = object()
        """What was begun in another is of the process before the fork, which counts it."""

    def operation(self, name: str) -> Plan:
        """The plan of an operation."""
        return self._plan((name,), lambda: operation_plan(self._counts, self.told(name)))

    def consumer(self, destination: str, system: str, group: str | None) -> Plan:
        """The plan of a consumer."""
        return self._plan(
            (destination, system, group or ""),
            lambda: consumer_plan(
                self._counts, self.told(destination), self.told(system), None if group is None else self.told(group)
            ),
        )

    def told(self, name: Any) -> str:
        """A name as it may be said: on the page, in metrics and as a span's name."""
        return told(self._redact(told(name)))

    def look_into(self, message: Any) -> Carried:
        """What a message carries; nothing, and that is counted, where it can't be looked into."""
        try:
            return carried(message, self._wanted)
        except Exception:  # noqa: BLE001 - messages come from outside, and their classes from anywhere
            self.instruments.health.add(names.PROM_REFUSED_HEADERS, "message")
            return Carried({})

    def incoming(self, headers: Mapping[str, str]) -> Incoming | None:
        """The trace that headers name, and what else travels with them, on top of what is known here."""
        return self.instruments.propagators.read(headers, get_current()) if headers else None

    def links(self, messages: Sequence[Any]) -> list[Link]:
        """Where the messages of a batch come from, each sender once."""
        found: dict[tuple[int, int], Link] = {}
        for message in islice(messages, MOST_LINKS):
            seen = self.look_into(message)
            incoming = self.instruments.propagators.read(seen.headers, Context()) if seen.headers else None
            if incoming is not None and incoming.parent is not None:
                key = incoming.parent.trace_id, incoming.parent.span_id
                found.setdefault(key, Link(incoming.parent, {names.MESSAGE_ID: seen.id} if seen.id else None))
        return list(found.values())

    def forget(self) -> None:
        """Begins anew in a forked child."""
        self.era = object()

    def failed(self, where: str) -> None:
        """Counts a fault of ours."""
        self.instruments.health.add(names.PROM_ERRORS, where)

    def _plan(self, key: tuple[str, ...], make: Callable[[], Plan]) -> Plan:
        plan = self._plans.get(key)
        if plan is None:
            plan = make()
            if len(self._plans) < MOST_PLANS:
                self._plans[key] = plan
        return plan


class Run:
    """One piece of work under way, from `Run(...)` to `over`."""

    __slots__ = ("_began", "_crew", "_era", "_over", "_plan", "_token", "_tracing", "span")

    def __init__(
        self,
        crew: Crew,
        plan: Plan,
        incoming: Incoming | None,
        links: Sequence[Link],
        given: Mapping[str, Any],
    ) -> None:
        self._crew, self._plan, self._over, self._era = crew, plan, False, crew.era
        self.span: Span = INVALID_SPAN
        instruments = crew.instruments
        try:
            instruments.on_request()
        except Exception:  # noqa: BLE001 - where no thread can be started the work is counted all the same
            crew.failed("start")
        self._began = time.perf_counter()
        self._tracing = instruments.work
        try:
            self.span, context = self._tracing.begin(plan, self, incoming, links, given)
        except Exception:  # noqa: BLE001 - somebody else's sampler or span processor: no span, but the count stays
            crew.failed("begin")
            context = served_by(instruments, get_current())
        self._token: Token[Context] = enter(context)

    def over(self, raised: BaseException | None) -> None:
        """It has returned, or raised. Never raises."""
        if self._over:
            return
        self._over = True
        try:
            seconds = max(0.0, time.perf_counter() - self._began)
            with suppress(
                ValueError
            ):  # a generator that ends in another context than it began in has nothing to leave here
                leave(self._token)
            if self._era is self._crew.era:
                self._report(raised, seconds)
        except Exception:  # noqa: BLE001 - the outer guard: work is never hurt by being watched
            self._crew.failed("report")

    def failed(self, where: str) -> None:
        """Counts a fault of ours."""
        self._crew.failed(where)

    def _leave(self) -> None:
        with suppress(
            ValueError
        ):  # a generator that ends in another context than it began in has nothing to leave here
            leave(self._token)

    def _report(self, raised: BaseException | None, seconds: float) -> None:
        span, plan, instruments = self.span, self._plan, self._crew.instruments
        error, cancelled = _outcome(raised)
        if error is None and not cancelled:
            error = failed_by_user(span)
            error = None if error is None else self._crew.told(error)
        if not cancelled:
            context = span.get_span_context()
            exemplar = None
            if context.trace_flags & 1:
                exemplar = Exemplar(context.trace_id, context.span_id, seconds, time.time())
            plan.durations.record(plan.series if error is None else plan.failed(error), seconds, exemplar)
        if error is not None:
            instruments.on_failure()
        # Last, because somebody else's span processor may raise here: the work is counted by then.
        if span is not INVALID_SPAN:
            self._tracing.end(span, error, seconds, cancelled=cancelled)


def _outcome(raised: BaseException | None) -> tuple[str | None, bool]:
    """(error type, whether it was cancelled) by what came out of it. A process that ends with status 0 has done its work."""
    if raised is None or (isinstance(raised, SystemExit) and raised.code in (None, 0)):
        return None, False
    if isinstance(raised, FAILURES):
        return told(error_name(raised)), False
    return None, True
