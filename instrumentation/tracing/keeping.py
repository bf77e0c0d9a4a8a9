"""Which ended spans reach the queue: libraries' and user code's by themselves, or with the request that they belong to."""

from __future__ import annotations

from typing import cast

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from .. import names
from ..health import Health
from .current import current, local_root
from .requestspan import RequestSpan
from .sampling import Sampling
from .spanqueue import SpanQueue


class KeepAtEnd(SpanProcessor):
    """Hands every span worth keeping to the queue of the application it was made for."""

    def __init__(self, queue: SpanQueue, sampling: Sampling, health: Health) -> None:
        self._queue, self._sampling, self._health = queue, sampling, health

    def on_end(self, span: ReadableSpan) -> None:
        """Called where the span ends, inside user code: some comparisons and one append."""
        try:
            self._sort(span)
        except Exception:  # noqa: BLE001 - the guard: whoever ends a span is not to hear of it
            self._health.add(names.PROM_ERRORS, "span")

    def _sort(self, span: ReadableSpan) -> None:
        serving = current()
        queue, sampling = (self._queue, self._sampling) if serving is None else (serving.spans, serving.sampling)
        root = local_root()
        if root is not None and sampling.head is None and _belongs(span, root):
            keep_with_root(span, root, queue, sampling)
        elif sampling.keeps(span):
            queue.put(_weighed_alone(span, sampling))


def keep_with_root(span: ReadableSpan | RequestSpan, root: RequestSpan, queue: SpanQueue, sampling: Sampling) -> None:
    """A child of a request goes where the request goes: now, where that is known; else when the request ends."""
    if root.sampled and sampling.whole:
        queue.put(span)
    elif root.kept is not None:
        settle(span, root, queue, sampling)
    elif root.waits(span):
        if root.decided:  # while it was put there
            settle_waiting(root, queue, sampling)
    elif _is_worth(span, sampling):
        queue.put(span)
    else:
        queue.drop()


def settle_waiting(root: RequestSpan, queue: SpanQueue, sampling: Sampling) -> None:
    """The root is decided: so are the children that wait for it."""
    for child in root.waiting():
        settle(child, root, queue, sampling)


def settle(child: ReadableSpan | RequestSpan, root: RequestSpan, queue: SpanQueue, sampling: Sampling) -> None:
    """Keeps a child whose root is kept, or that failed or was slow itself."""
    if root.kept:
        if isinstance(child, RequestSpan):  # the export thread writes it, and weighs it there
            child.stands = root.stands
        elif root.stands:
            child = sampling.weighed(child)
        queue.put(child)
    elif _is_worth(child, sampling):
        queue.put(child)


def _is_worth(span: ReadableSpan | RequestSpan, sampling: Sampling) -> bool:
    return sampling.is_worth(cast(ReadableSpan, span))  # ours can be asked all that the SDK's can


def _belongs(span: ReadableSpan, root: RequestSpan) -> bool:
    context = span.get_span_context()
    return context is not None and context.trace_id == root.trace_id


def _weighed_alone(span: ReadableSpan, sampling: Sampling) -> ReadableSpan:
    return span if sampling.whole or sampling.is_worth(span) else sampling.weighed(span)
