"""When counts leave the process, and in which pieces.

Sealing. At each export the counts gained since the last one become one batch: [start, end) with `start` the last
batch's `end`, serialised once, never touched again (`outbox.py`). Counts not yet sealed only ever grow the next batch.

While everything is acknowledged a batch is sealed every 5 s, or 1 s after a failure was seen. While the collector is away
a batch is still sealed every 10 s, and they queue, up to 10 minutes of them (about 60). The other way, one sealed batch
in flight with everything else growing the next, would need less memory, but a collector books a delta by the end of its
interval: after nine minutes' absence nine minutes of requests would land in one 10-second bucket, and a short burn window
would see an outage that was not, or miss one that was. Batches of 10 s keep the counts where they belong and let each
one die at its own 10 minutes, so that what is dropped is exactly what is too old.

Everything here runs on one daemon thread per process (`worker.py`); requests only ever append.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .. import names
from ..clock import Clock
from ..config.config import Config, Target
from ..counts.red import Red
from ..counts.work import WorkCounts
from ..health import Health
from ..identity import Resource, resource
from ..redaction.redactor import Redactor
from ..tracing.spanqueue import SpanQueue, breathing
from .outbox import Outbox
from .outlet import Outlet
from .transport import Transport, transport

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from ..resources import Discovery

AWAY_INTERVAL: Final = 10.0
FAILURE_DELAY: Final = 1.0
MOST_AHEAD: Final = 120.0
"""Seconds that an interval may end ahead of the wall clock; collectors reject what lies minutes in the future."""
NANOS: Final = 1_000_000_000

_log = logging.getLogger("fournines.instrumentation")

MakeTransport = Callable[[Target], Transport | None]


class Exporter:
    """Seals, queues and sends. Not safe for several threads, except `failed`; `worker.Worker` owns the calls."""

    _failed_at: float | None
    _resource: Resource

    def __init__(
        self,
        config: Config,
        red: Red,
        spans: SpanQueue,
        health: Health,
        clock: Clock,
        make_transport: MakeTransport = transport,
    ) -> None:
        self._config, self._red, self._spans, self._health, self._clock = config, red, spans, health, clock
        self.work = WorkCounts(red.boundaries)
        """What is counted of work that is no request."""
        self._metrics = _outbox(config.metrics, make_transport, clock, health)
        self._traces = _outbox(config.traces, make_transport, clock, health)
        self._spans_follow = _same_receiver(config)
        self.redactor = Redactor(config.redaction, health)
        self.outlets: Sequence[Outlet] = ()
        self._discovery = _discovery(config, health)
        self.declared: Callable[[float], Sequence[Mapping[str, str]]] = _nothing
        """What is to be said of objectives, at a second of the steady clock."""
        self._begin()

    @property
    def resource(self) -> Resource:
        """Who this process says it is."""
        return self._resource

    @property
    def idle(self) -> bool:
        """Nothing waits to be acknowledged."""
        return not self.waiting_batches and not len(self._spans)

    @property
    def waiting_batches(self) -> int:
        """Sealed batches, of all signals, not yet acknowledged, and what waits at other outlets."""
        return sum(way.waiting for way in self._ways())

    def failed(self) -> bool:
        """Notes that a request failed; True the first time since the last seal, when somebody should wake the thread."""
        if self._failed_at is not None:
            return False
        self._failed_at = self._clock.steady()
        return True

    def tick(self) -> float:
        """Does what is due; the steady time at which there is something to do again."""
        self._red.settle()
        if self._discovery is not None and (news := self._discovery.news()):
            self._resource = {**self.redactor.attributes(news), **self._resource}
        if self._clock.steady() >= self._due():
            self._seal(up=True)
        if self._metrics is not None:
            self._metrics.push(self._due())
        self._send_spans(self._clock.steady() + self._config.export_interval)
        self._push_outlets(self._clock.steady() + self._config.export_interval)
        waiting = (box.next_attempt for box in self._boxes() if box.waiting)
        return min([self._due(), *waiting, *(outlet.next_attempt for outlet in self._open_outlets())])

    def flush(self, deadline: float) -> bool:
        """Seals and sends everything now, until `deadline` (steady seconds); True when all of it was acknowledged."""
        self._seal(up=True)
        return self._send_all(deadline)

    def say_goodbye(self, deadline: float) -> bool:
        """The last export: all counts and the heartbeat 0. True when it was acknowledged."""
        self._seal(up=False)
        done = self._send_all(deadline)
        for way in self._ways():
            way.close()
        return done

    def forget(self) -> None:
        """Begins anew in a forked child: the parent reports its own counts, spans and batches, under its own id."""
        self._red.forget()
        self.work.forget()
        self._spans.forget()
        self._health.forget()
        if self._discovery is not None:
            self._discovery.forget()
        for way in self._ways():
            way.forget()
        self._begin()

    def _begin(self) -> None:
        self._resource = dict(self.redactor.attributes(resource(self._config.attributes)))
        self._began = self._sealed_until = int(self._clock.wall() * NANOS)
        self._last_seal = float("-inf")  # the first heartbeat leaves at once
        self._failed_at = None

    def _boxes(self) -> list[Outbox]:
        return [box for box in (self._metrics, self._traces) if box is not None]

    def _due(self) -> float:
        interval = self._config.export_interval
        if self._metrics is not None and self._metrics.waiting:
            return self._last_seal + max(interval, AWAY_INTERVAL)
        due = self._last_seal + interval
        return due if self._failed_at is None else min(due, self._failed_at + FAILURE_DELAY)

    def _seal(self, *, up: bool) -> None:
        self._failed_at = None
        since_last, self._last_seal = self._clock.steady() - self._last_seal, self._clock.steady()
        if self._metrics is None and not self.outlets:
            return
        from .otlp import Interval, Sealed, metrics_request

        start, end = self._interval(since_last)
        self._sealed_until = end
        points, work = self._red.seal(since=start / NANOS), self.work.seal(since=start / NANOS)
        for outlet in self.outlets:
            outlet.sealed(self._resource, end / NANOS, points, self._red.boundaries)
        if self._metrics is None:
            return
        declared = [self.redactor.attributes(point) for point in self.declared(self._last_seal)] if up else []
        active, boundaries = self._red.active(), self._red.boundaries
        sealed = Sealed(Interval(start, end), self._began, up, points, active, boundaries, declared, work)
        body = metrics_request(self._resource, sealed)
        self._metrics.put(_packed(body, self._config.metrics), sealed.events)

    def _interval(self, since_last: float) -> tuple[int, int]:
        now = int(self._clock.wall() * NANOS)
        if self._sealed_until - now > MOST_AHEAD * NANOS:
            # The clock was wrong before. Going on from there, all counts would lie in the future, and be rejected.
            start = now - int(min(since_last, self._config.export_interval) * NANOS)
            self._began = min(self._began, start)
            return start, now
        # A wall clock set back by less must not make an interval of nothing, or one that overlaps the last.
        return self._sealed_until, max(now, self._sealed_until + 1)

    def _send_all(self, deadline: float) -> bool:
        if self._metrics is not None:
            self._metrics.push(deadline, impatient=True)
        self._send_spans(deadline, impatient=True)
        self._push_outlets(deadline, impatient=True)
        return self.idle

    def _ways(self) -> list[Outbox | Outlet]:
        return [*self._boxes(), *self.outlets]

    def _push_outlets(self, until: float, *, impatient: bool = False) -> None:
        for outlet in self._open_outlets():
            outlet.push(self._resource, until, impatient=impatient)

    def _open_outlets(self) -> list[Outlet]:
        """The outlets that may be tried: where the counts can't go, what goes to the same receiver can't either."""
        stuck = self._config.metrics if self._metrics is not None and self._metrics.waiting else None
        receiver = None if stuck is None else urlsplit(stuck.endpoint).netloc
        return [outlet for outlet in self.outlets if outlet.receiver != receiver]

    def _send_spans(self, until: float, *, impatient: bool = False) -> None:
        if self._config.traces is None:
            while self._spans.take(self._config.span_batch):  # taking them shows them to others' processors
                pass
            return
        if self._traces is None or (self._spans_follow and self._metrics is not None and self._metrics.waiting):
            # Where the counts can't go, the spans can't either: one time-out a round is enough.
            return
        self._traces.push(until, impatient=impatient)
        while not self._traces.waiting and (taken := self._spans.take(self._config.span_batch)):
            spans = self._redacted(taken)
            body = self._encoded(spans)
            if body is None:
                # One that can't be told must not take the others with it.
                told = [span for span in spans if self._encoded([span]) is not None]
                self._health.add(names.PROM_DROPPED_SPANS, by=len(spans) - len(told))
                _log.warning("%d spans can't be encoded and are dropped", len(spans) - len(told))
                spans, body = told, self._encoded(told)
            if body:
                self._traces.put(_packed(body, self._config.traces), len(spans))
                self._traces.push(until, impatient=impatient)

    def _redacted(self, spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
        """The spans as they may leave; one that can't be looked through stays here."""
        from ..redaction.cutting import cut_span
        from ..redaction.spans import cleaned_span

        redacted: list[ReadableSpan] = []
        for span in breathing(spans):
            try:
                redacted.append(cut_span(cleaned_span(span, self.redactor), self._config.lengths))
            except Exception:  # noqa: BLE001 - values are the application's own, and what they say may raise anything
                self._health.add(names.PROM_ERRORS, "redact")
                self._health.add(names.PROM_DROPPED_SPANS)
        return redacted

    def _encoded(self, spans: Sequence[ReadableSpan]) -> bytes | None:
        from .otlp import traces_request

        try:
            return traces_request(self._resource, breathing(spans))
        except (TypeError, ValueError, AttributeError, OverflowError):
            return None


def _nothing(_now: float) -> Sequence[Mapping[str, str]]:
    return ()


def _discovery(config: Config, health: Health) -> Discovery | None:
    """Who asks where this process runs; nobody, where nothing has to be asked for."""
    if not config.asked:
        return None
    from ..resources import Discovery

    return Discovery(config.asked, health)


def _outbox(target: Target | None, make: MakeTransport, clock: Clock, health: Health) -> Outbox | None:
    way = None if target is None else make(target)
    return None if target is None or way is None else Outbox(target.signal, way, clock, health, target.timeout)


def _same_receiver(config: Config) -> bool:
    if config.metrics is None or config.traces is None:
        return False
    return urlsplit(config.metrics.endpoint).netloc == urlsplit(config.traces.endpoint).netloc


def _packed(body: bytes, target: Target | None) -> bytes:
    # Compressed once, with no time stamp inside: a resent batch has to have the same bytes on the wire as well.
    if target is not None and target.gzip and target.protocol != "grpc":
        return gzip.compress(body, mtime=0)
    return body
