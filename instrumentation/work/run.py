"""One piece of work under way: begun as it is made, over once, and counted then. Nothing of it may hurt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import Token
from typing import Any

from opentelemetry.context import Context, get_current
from opentelemetry.trace import INVALID_SPAN, Link, Span

from ..clock import stopwatch, wall
from ..counts.point import Exemplar
from ..errorname import FAILURES, error_name
from ..propagation.incoming import Incoming
from ..tracing.current import enter, leave, served_by
from .crew import Crew
from .plan import WorkPlan, told
from .tracing import failed_by_user


class Run:
    """One piece of work under way, from `Run(...)` to `over`."""

    __slots__ = ("_began", "_crew", "_era", "_over", "_plan", "_token", "_tracing", "span")

    def __init__(
        self, crew: Crew, plan: WorkPlan, incoming: Incoming | None, links: Sequence[Link], given: Mapping[str, Any]
    ) -> None:
        self._crew, self._plan, self._over, self._era = crew, plan, False, crew.era
        self.span: Span = INVALID_SPAN
        serving = crew.serving
        serving.start()
        self._began = stopwatch()
        self._tracing = crew.tracing()
        try:
            self.span, context = self._tracing.begin(plan, self, incoming, links, given)
        except Exception:  # noqa: BLE001 - somebody else's sampler or span processor: no span, but the count stays
            serving.failed("begin")
            context = served_by(serving, get_current())
        self._token: Token[Context] = enter(context)

    def over(self, raised: BaseException | None) -> None:
        """It has returned, or raised. Never raises."""
        if self._over:
            return
        self._over = True
        try:
            seconds = max(0.0, stopwatch() - self._began)
            with suppress(ValueError):  # a generator that ends in another context has nothing to leave there
                leave(self._token)
            if self._era is self._crew.era:
                self._report(raised, seconds)
        except Exception:  # noqa: BLE001 - the outer guard: work is never hurt by being watched
            self.failed("report")

    def failed(self, where: str) -> None:
        """Counts a fault of ours."""
        self._crew.serving.failed(where)

    def _report(self, raised: BaseException | None, seconds: float) -> None:
        span, plan = self.span, self._plan
        error, cancelled = _outcome(raised)
        if error is None and not cancelled:
            error = failed_by_user(span)
            error = None if error is None else self._crew.told(error)
        if not cancelled:
            context = span.get_span_context()
            exemplar = None
            if context.trace_flags & 1:
                exemplar = Exemplar(context.trace_id, context.span_id, seconds, wall())
            plan.durations.record(plan.series if error is None else plan.failed(error), seconds, exemplar)
        if error is not None:
            self._crew.serving.on_failure()
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
