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

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..clock import NANOS, Clock
from ..config.config import Config
from ..counts.red import Red
from ..counts.work import WorkCounts
from ..identity import Identity
from ..redaction.redactor import Redactor
from .encoding import packed
from .otlp import Interval, Sealed, metrics_request
from .outbox import Outbox
from .outlet import Ways

AWAY_INTERVAL: Final = 10.0
FAILURE_DELAY: Final = 1.0
MOST_AHEAD: Final = 120.0
"""Seconds that an interval may end ahead of the wall clock; collectors reject what lies minutes in the future."""

Declared = Callable[[float], Sequence[Mapping[str, str]]]
"""What is to be said of objectives, at a second of the steady clock."""


class Exporter:
    """Seals and sends counts; has the other outlets send. Not safe for several threads, except `failed`: `worker.Worker` owns the calls.

    `outbox` is the way of the counts; None where they are not exported.
    """

    _failed_at: float | None

    def __init__(
        self,
        config: Config,
        red: Red,
        work: WorkCounts,
        identity: Identity,
        *,
        redactor: Redactor,
        outbox: Outbox | None,
        ways: Ways,
        declared: Declared,
        clock: Clock,
    ) -> None:
        self._target, self._every = config.metrics, config.export_interval
        self._red, self.work, self._identity, self._redactor = red, work, identity, redactor
        self._outbox, self._ways, self._declared, self._clock = outbox, ways, declared, clock
        self._begin()

    @property
    def waiting(self) -> int:
        """Sealed batches not yet acknowledged, and what waits at other outlets."""
        own = 0 if self._outbox is None else self._outbox.waiting
        return own + sum(way.waiting for way in (*self._ways.beside, *self._ways.behind))

    def failed(self) -> bool:
        """Notes that a request failed; True the first time since the last seal, when somebody should wake the thread."""
        if self._failed_at is not None:
            return False
        self._failed_at = self._clock.steady()
        return True

    def tick(self) -> float:
        """Does what is due; the steady time at which there is something to do again."""
        self._red.settle()
        self._identity.look()
        if self._clock.steady() >= self._due():
            self._seal(up=True)
        if self._outbox is not None:
            self._outbox.push(self._due())
        due = self._push_others(self._clock.steady() + self._every)
        waiting = [self._outbox.next_attempt] if self._outbox is not None and self._outbox.waiting else []
        return min(self._due(), due, *waiting)

    def flush(self, deadline: float) -> bool:
        """Seals and sends everything now, until `deadline` (steady seconds); True when all of it was acknowledged."""
        self._seal(up=True)
        return self._send_all(deadline)

    def say_goodbye(self, deadline: float) -> bool:
        """The last export: all counts and the heartbeat 0. True when it was acknowledged."""
        self._seal(up=False)
        done = self._send_all(deadline)
        for way in self._ways.held:
            way.close()
        return done

    def forget(self) -> None:
        """Begins anew in a forked child: the parent reports its own counts, spans and batches, under its own id."""
        self._red.forget()
        self.work.forget()
        self._identity.forget()
        for way in self._ways.held:
            way.forget()
        self._begin()

    def _begin(self) -> None:
        self._began = self._sealed_until = int(self._clock.wall() * NANOS)
        self._last_seal = float("-inf")  # the first heartbeat leaves at once
        self._failed_at = None

    def _due(self) -> float:
        if self._outbox is not None and self._outbox.waiting:
            return self._last_seal + max(self._every, AWAY_INTERVAL)
        due = self._last_seal + self._every
        return due if self._failed_at is None else min(due, self._failed_at + FAILURE_DELAY)

    def _seal(self, *, up: bool) -> None:
        self._failed_at = None
        since_last, self._last_seal = self._clock.steady() - self._last_seal, self._clock.steady()
        start, end = self._interval(since_last)
        self._sealed_until = end
        points, work = self._red.seal(since=start / NANOS), self.work.seal(since=start / NANOS)
        resource, boundaries = self._identity.resource(), self._red.boundaries
        for tell in self._ways.told:
            tell(resource, end / NANOS, points, boundaries)
        if self._outbox is None or self._target is None:
            return
        declared = [self._redactor.attributes(point) for point in self._declared(self._last_seal)] if up else []
        sealed = Sealed(Interval(start, end), self._began, up, points, self._red.active(), boundaries, declared, work)
        self._outbox.put(packed(metrics_request(resource, sealed), self._target), sealed.events)

    def _interval(self, since_last: float) -> tuple[int, int]:
        now = int(self._clock.wall() * NANOS)
        if self._sealed_until - now > MOST_AHEAD * NANOS:
            # The clock was wrong before. Going on from there, all counts would lie in the future, and be rejected.
            start = now - int(min(since_last, self._every) * NANOS)
            self._began = min(self._began, start)
            return start, now
        # A wall clock set back by less must not make an interval of nothing, or one that overlaps the last.
        return self._sealed_until, max(now, self._sealed_until + 1)

    def _send_all(self, deadline: float) -> bool:
        if self._outbox is not None:
            self._outbox.push(deadline, impatient=True)
        self._push_others(deadline, impatient=True)
        return not self.waiting

    def _push_others(self, until: float, *, impatient: bool = False) -> float:
        """When the first of them is due again; where the counts can't go, what goes to the same receiver can't either."""
        stuck = self._outbox is not None and self._outbox.waiting
        resource, ways = (
            self._identity.resource(),
            self._ways.beside if stuck else (*self._ways.behind, *self._ways.beside),
        )
        return min((way.push(resource, until, impatient=impatient) for way in ways), default=float("inf"))
