"""Documents in the order they come, put together: each request once, under the service it belongs to.

X-Ray's senders may send a segment while it is in progress and again when it is complete, send its subsegments apart before it, and the
network may bring a datagram twice. Only complete documents go on, each id once; a subsegment sent apart does not say whose it is,
and waits for the document it lies within.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from .document import SegmentDocument, nested
from .drop import Dropped, DropReason
from .instruments import Instruments
from .translate import NOBODY, segment_resource

MOST_REMEMBERED: Final = 30_000
MOST_REMEMBERED_BYTES: Final = 32 * 2**20
"""Complete ids remembered, to recognise repeats and the parents of what comes later; and bytes of their resources."""

MOST_ORPHANS: Final = 5_000
MOST_ORPHAN_BYTES: Final = 32 * 2**20
ORPHAN_SECONDS: Final = 300.0
"""How many subsegments wait for the document they lie within, how much memory they take, and how long each; then they go on as nobody's."""

MOST_UNFINISHED: Final = 20_000
MOST_UNFINISHED_BYTES: Final = 32 * 2**20
IDLE_SECONDS: Final = 900.0
"""How many segments in progress are waited for, bytes of their resources, and for how long after the last that was heard of their trace."""


class Placed(NamedTuple):
    """A complete document and the OTLP resource, as bytes, of the service it belongs to."""

    resource: bytes
    document: SegmentDocument


class _Trace:
    """Documents of one trace that are in progress, each with its resource where that is known, and when the trace was last heard."""

    __slots__ = ("last", "open")

    def __init__(self) -> None:
        self.open: dict[bytes, bytes | None] = {}
        self.last = 0.0


class _Orphan(NamedTuple):
    document: SegmentDocument
    received: float
    weight: int


class SegmentAssembly:
    """Puts documents together, within bounds of memory. `received` and `now` are epoch seconds, `weight` bytes that a document takes."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._complete: OrderedDict[bytes, bytes] = OrderedDict()
        self._complete_bytes = 0
        self._traces: OrderedDict[bytes, _Trace] = OrderedDict()
        self._open = self._open_bytes = 0
        self._orphans: OrderedDict[bytes, _Orphan] = OrderedDict()
        self._orphan_bytes = 0
        self._waiting_for: dict[bytes, list[bytes]] = {}

    def take(self, document: SegmentDocument, received: float, weight: int = 0) -> Iterator[Placed]:
        """What can go on now that this document is there."""
        trace = self._traces.get(document.trace)
        if trace is not None:
            trace.last = received
            self._traces.move_to_end(document.trace)
        resource = self._of(document.trace, document.parent) if document.is_subsegment else segment_resource(document)
        if document.in_progress:
            self._hold(document, resource, received)
            if resource is not None:
                for orphan in self._adopted(document):
                    yield from self._place(orphan, resource, received)
        elif resource is None:
            yield from self._wait(_Orphan(document, received, weight))
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

    def _place(self, document: SegmentDocument, resource: bytes, received: float) -> Iterator[Placed]:
        """A complete document, what lies within it, and what waited for any of that, however long the chain of those is."""
        waiting = [document]
        while waiting:
            parent = waiting.pop()
            for one in chain((parent,), nested(parent)):
                if isinstance(one, Dropped):
                    self._instruments.dropped(one.reason)
                elif one.in_progress:
                    self._hold(one, resource, received)
                    waiting += self._adopted(one)
                elif self._is_new(one, resource):
                    yield Placed(resource, one)
                    waiting += self._adopted(one)

    def _is_new(self, document: SegmentDocument, resource: bytes) -> bool:
        """Takes a complete document down, unless it was there before."""
        key = document.trace + document.id
        if key in self._complete:
            self._instruments.dropped(DropReason.REPEATED)
            return False
        self._remember(key, resource)
        self._finished(document.trace, document.id)
        (self._instruments.subsegments if document.is_subsegment else self._instruments.segments).inc()
        return True

    def _remember(self, key: bytes, resource: bytes) -> None:
        self._complete[key] = resource
        self._complete_bytes += len(resource)
        while len(self._complete) > MOST_REMEMBERED or self._complete_bytes > MOST_REMEMBERED_BYTES:
            _, forgotten = self._complete.popitem(last=False)
            self._complete_bytes -= len(forgotten)

    # Subsegments sent apart.

    def _wait(self, orphan: _Orphan) -> Iterator[Placed]:
        document = orphan.document
        key = document.trace + document.id
        if key in self._orphans or key in self._complete:
            self._instruments.dropped(DropReason.REPEATED)
            return
        self._orphans[key] = orphan
        self._orphan_bytes += orphan.weight
        self._waiting_for.setdefault(document.trace + document.parent, []).append(key)
        while len(self._orphans) > MOST_ORPHANS or self._orphan_bytes > MOST_ORPHAN_BYTES:
            yield from self._place(self._take_orphan(next(iter(self._orphans))), NOBODY, orphan.received)

    def _adopted(self, parent: SegmentDocument) -> list[SegmentDocument]:
        return [self._take_orphan(key) for key in tuple(self._waiting_for.get(parent.trace + parent.id, ()))]

    def _take_orphan(self, key: bytes) -> SegmentDocument:
        document, _, weight = self._orphans.pop(key)
        self._orphan_bytes -= weight
        parent = document.trace + document.parent
        self._waiting_for[parent].remove(key)
        if not self._waiting_for[parent]:
            del self._waiting_for[parent]
        return document

    # Documents in progress.

    def _hold(self, document: SegmentDocument, resource: bytes | None, received: float) -> None:
        if document.trace + document.id in self._complete:
            self._instruments.dropped(DropReason.REPEATED)
            return
        trace = self._traces.setdefault(document.trace, _Trace())
        trace.last = received
        if document.id not in trace.open:
            self._instruments.in_progress.inc()
            self._open += 1
        self._open_bytes += len(resource or b"") - len(trace.open.get(document.id) or b"")
        trace.open[document.id] = resource
        while self._open > MOST_UNFINISHED or self._open_bytes > MOST_UNFINISHED_BYTES:
            self._give_up(next(iter(self._traces)))

    def _finished(self, trace: bytes, id_: bytes) -> None:
        found = self._traces.get(trace)
        if found is not None and id_ in found.open:
            self._open -= 1
            self._open_bytes -= len(found.open.pop(id_) or b"")
            if not found.open:
                del self._traces[trace]

    def _give_up(self, trace: bytes) -> None:
        given_up = self._traces.pop(trace).open
        lost = len(given_up)
        self._open -= lost
        self._open_bytes -= sum(len(resource or b"") for resource in given_up.values())
        self._instruments.unfinished.inc(lost)
