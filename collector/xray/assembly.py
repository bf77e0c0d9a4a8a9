"""Documents in the order they come, put together: each request once, under the service it belongs to.

X-Ray's senders may send a segment while it is in progress and again when it is complete, send its subsegments apart before it, and the
network may bring a datagram twice. Only complete documents go on, each id once; a subsegment sent apart does not say whose it is,
and waits for the document it lies within.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

from .document import Document, nested
from .drop import Dropped, Reason
from .telemetry import XrayTelemetry
from .translate import NOBODY, resource_of

MOST_REMEMBERED: Final = 30_000
"""Complete ids remembered, to recognise repeats and the parents of what comes later."""

MOST_ORPHANS: Final = 5_000
ORPHAN_SECONDS: Final = 300.0
"""How many subsegments wait for the document they lie within, and how long each; then they go on as nobody's."""

MOST_UNFINISHED: Final = 20_000
IDLE_SECONDS: Final = 900.0
"""How many segments in progress are waited for, and for how long after the last that was heard of their trace."""


class Placed(NamedTuple):
    """A complete document and the OTLP resource, as bytes, of the service it belongs to."""

    resource: bytes
    document: Document


class _Trace:
    """Documents of one trace that are in progress, each with its resource where that is known, and when the trace was last heard."""

    __slots__ = ("last", "open")

    def __init__(self) -> None:
        self.open: dict[bytes, bytes | None] = {}
        self.last = 0.0


class _Orphan(NamedTuple):
    document: Document
    received: float


class Assembly:
    """Puts documents together, within bounds of memory. `received` and `now` are epoch seconds."""

    def __init__(self, telemetry: XrayTelemetry) -> None:
        self._telemetry = telemetry
        self._complete: OrderedDict[bytes, bytes] = OrderedDict()
        self._traces: OrderedDict[bytes, _Trace] = OrderedDict()
        self._open = 0
        self._orphans: OrderedDict[bytes, _Orphan] = OrderedDict()
        self._waiting_for: dict[bytes, list[bytes]] = {}

    def take(self, document: Document, received: float) -> Iterator[Placed]:
        """What can go on now that this document is there."""
        trace = self._traces.get(document.trace)
        if trace is not None:
            trace.last = received
            self._traces.move_to_end(document.trace)
        resource = self._of(document.trace, document.parent) if document.is_subsegment else resource_of(document)
        if document.in_progress:
            self._hold(document, resource, received)
            if resource is not None:
                yield from self._adopt(document.trace + document.id, resource, received)
        elif resource is None:
            yield from self._wait(document, received)
        else:
            yield from self._place(document, resource, received)

    def expire(self, now: float) -> Iterator[Placed]:
        """Subsegments that waited long enough; segments in progress of traces long idle are told as never completed."""
        while self._traces:
            trace, found = next(iter(self._traces.items()))
            if found.last + IDLE_SECONDS > now:
                break
            self._give_up(trace)
        while self._orphans:
            key, orphan = next(iter(self._orphans.items()))
            if orphan.received + ORPHAN_SECONDS > now:
                break
            yield from self._place(self._take_orphan(key), NOBODY, now)

    def drain(self, now: float) -> Iterator[Placed]:
        """All subsegments that still wait: nothing more will come."""
        while self._orphans:
            yield from self._place(self._take_orphan(next(iter(self._orphans))), NOBODY, now)

    def _of(self, trace: bytes, parent: bytes) -> bytes | None:
        """The resource of a document, if it was seen."""
        found = self._complete.get(trace + parent)
        if found is None and trace in self._traces:
            found = self._traces[trace].open.get(parent)
        return found

    def _place(self, document: Document, resource: bytes, received: float) -> Iterator[Placed]:
        yield from self._one(document, resource, received)
        for child in nested(document):
            if isinstance(child, Dropped):
                self._telemetry.dropped(child.reason)
            elif child.in_progress:
                self._hold(child, resource, received)
                yield from self._adopt(child.trace + child.id, resource, received)
            else:
                yield from self._one(child, resource, received)

    def _one(self, document: Document, resource: bytes, received: float) -> Iterator[Placed]:
        key = document.trace + document.id
        if key in self._complete:
            self._telemetry.dropped(Reason.REPEATED)
            return
        self._complete[key] = resource
        if len(self._complete) > MOST_REMEMBERED:
            self._complete.popitem(last=False)
        self._finished(document.trace, document.id)
        (self._telemetry.subsegments if document.is_subsegment else self._telemetry.segments).inc()
        yield Placed(resource, document)
        yield from self._adopt(key, resource, received)

    # Subsegments sent apart.

    def _wait(self, document: Document, received: float) -> Iterator[Placed]:
        key = document.trace + document.id
        if key in self._orphans or key in self._complete:
            self._telemetry.dropped(Reason.REPEATED)
            return
        self._orphans[key] = _Orphan(document, received)
        self._waiting_for.setdefault(document.trace + document.parent, []).append(key)
        if len(self._orphans) > MOST_ORPHANS:
            yield from self._place(self._take_orphan(next(iter(self._orphans))), NOBODY, received)

    def _adopt(self, parent: bytes, resource: bytes, received: float) -> Iterator[Placed]:
        for key in tuple(self._waiting_for.get(parent, ())):
            yield from self._place(self._take_orphan(key), resource, received)

    def _take_orphan(self, key: bytes) -> Document:
        document = self._orphans.pop(key).document
        parent = document.trace + document.parent
        self._waiting_for[parent].remove(key)
        if not self._waiting_for[parent]:
            del self._waiting_for[parent]
        return document

    # Documents in progress.

    def _hold(self, document: Document, resource: bytes | None, received: float) -> None:
        if document.trace + document.id in self._complete:
            self._telemetry.dropped(Reason.REPEATED)
            return
        trace = self._traces.setdefault(document.trace, _Trace())
        trace.last = received
        if document.id not in trace.open:
            self._telemetry.in_progress.inc()
            self._open += 1
        trace.open[document.id] = resource
        while self._open > MOST_UNFINISHED:
            self._give_up(next(iter(self._traces)))

    def _finished(self, trace: bytes, id_: bytes) -> None:
        found = self._traces.get(trace)
        if found is not None and found.open.pop(id_, self) is not self:
            self._open -= 1
            if not found.open:
                del self._traces[trace]

    def _give_up(self, trace: bytes) -> None:
        lost = len(self._traces.pop(trace).open)
        self._open -= lost
        self._telemetry.unfinished.inc(lost)
