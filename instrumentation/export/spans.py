"""Spans' way out: taken from the queue, cleaned, cut, encoded once, and sent until a collector has them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from .. import names
from ..config.config import Config
from ..health import Health
from ..identity import Resource
from ..redaction.cutting import cut_span
from ..redaction.redactor import Redactor
from ..redaction.spans import cleaned_span
from ..tracing.spanqueue import SpanQueue, breathing
from .encoding import encoded, packed
from .otlp import traces_request
from .outbox import Outbox

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_log = logging.getLogger("fournines.instrumentation")


class SpanExport:
    """The outlet of one application's spans. While a batch waits to be acknowledged no other is made.

    Where spans are not exported (`config.traces` is None) they are taken all the same: taking them shows them to processors of
    others. Without an outbox they stay, until the queue is full.
    """

    def __init__(
        self, config: Config, spans: SpanQueue, redactor: Redactor, health: Health, outbox: Outbox | None
    ) -> None:
        self._target, self._batch, self._lengths = config.traces, config.span_batch, config.lengths
        self._spans, self._redactor, self._health, self._outbox = spans, redactor, health, outbox

    @property
    def waiting(self) -> int:
        """Batches that a collector has not acknowledged; without an outbox, those that have nowhere to go."""
        if self._outbox is None:
            return 0 if self._target is None else ceil(len(self._spans) / self._batch)
        return self._outbox.waiting

    def push(self, resource: Resource, until: float, *, impatient: bool = False) -> float:
        """Sends what has ended so far, in batches."""
        self._push(resource, until, impatient=impatient)
        return self._next_attempt

    @property
    def _next_attempt(self) -> float:
        """When a batch that waits is tried again; nothing is due while none does."""
        return self._outbox.next_attempt if self._outbox is not None and self._outbox.waiting else float("inf")

    def _push(self, resource: Resource, until: float, *, impatient: bool) -> None:
        if self._target is None:
            while self._spans.take(self._batch):
                pass
        elif self._outbox is not None:
            self._outbox.push(until, impatient=impatient)
            while not self._outbox.waiting and (taken := self._spans.take(self._batch)):
                body, told = self._encoded(resource, self._redacted(taken))
                if body:
                    self._outbox.put(packed(body, self._target), told)
                    self._outbox.push(until, impatient=impatient)

    def close(self) -> None:
        """Lets go of the connection."""
        if self._outbox is not None:
            self._outbox.close()

    def forget(self) -> None:
        """Begins anew in a forked child."""
        self._spans.forget()
        if self._outbox is not None:
            self._outbox.forget()

    def _redacted(self, spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
        """The spans as they may leave; one that can't be looked through stays here."""
        redacted: list[ReadableSpan] = []
        for span in breathing(spans):
            try:
                redacted.append(cut_span(cleaned_span(span, self._redactor), self._lengths))
            except Exception:  # noqa: BLE001 - values are the application's own, and what they say may raise anything
                self._health.add(names.PROM_ERRORS, "redact")
                self._health.add(names.PROM_DROPPED_SPANS)
        return redacted

    def _encoded(self, resource: Resource, spans: Sequence[ReadableSpan]) -> tuple[bytes, int]:
        def encode(some: Sequence[ReadableSpan]) -> bytes | None:
            try:
                return traces_request(resource, breathing(some))
            except (TypeError, ValueError, AttributeError, OverflowError):
                return None

        body, told = encoded(spans, encode)
        if told < len(spans):
            self._health.add(names.PROM_DROPPED_SPANS, by=len(spans) - told)
            _log.warning("%d spans can't be encoded and are dropped", len(spans) - told)
        return body, told
