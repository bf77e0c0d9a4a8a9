"""What attackers send: OTLP bodies put together from bytes, no two alike."""

from __future__ import annotations

import itertools
import struct
import time

import numpy as np
from attacked import SERVICE

SPANS, METRICS, LOGS = b"/v1/traces", b"/v1/metrics", b"/v1/logs"
MARK = b"\xa7" * 8
"""Where a number of eight digits is to stand."""

ATTACKED = SERVICE.encode()
_fresh = itertools.count(1)


def varint(value):
    """A number as the wire has it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, content):
    """A field of bytes, or of a number."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def fixed(number, value):
    """A field of eight bytes."""
    return varint(number << 3 | 1) + struct.pack("<Q", value)


def attribute(number, key, value):
    """A `KeyValue` in a field of that number."""
    text = field(1, value) if isinstance(value, bytes) else field(3, value)
    return field(number, field(1, key) + field(2, text))


def resource(service=ATTACKED, instance=b"i", more=b""):
    """Who sends."""
    said = attribute(1, b"service.name", service) + attribute(1, b"service.instance.id", instance) + more
    return field(1, said)


def export(items, who=None):
    """An `Export*ServiceRequest` of these items, made unlike all others by a field that nobody knows."""
    return field(1, (who or resource()) + field(2, items)) + stamp()


def stamp():
    """A field that nobody knows, of a number that was not sent before."""
    return field(99, struct.pack("<Q", next(_fresh)))


class Numbered:
    """A body that holds the `MARK` some times; each time it is sent with other numbers there, none of which came before."""

    def __init__(self, body):
        self._bytes = np.frombuffer(bytearray(body), np.uint8)
        marks, at = [], body.find(MARK)
        while at >= 0:
            marks.append(at)
            at = body.find(MARK, at + 8)
        self._places = np.array(marks)[:, None] + np.arange(8)
        self._next = 0

    def __iter__(self):
        """Endlessly."""
        while True:
            numbers = np.arange(self._next, self._next + len(self._places))
            self._next += len(self._places)
            self._bytes[self._places] = numbers[:, None] // 10 ** np.arange(7, -1, -1) % 10 + ord("0")
            yield self._bytes.tobytes() + stamp()


def span(*attributes, status=0, trace=None):
    """A SERVER span of now, of a trace of its own; `trace` is half of its id."""
    number, now = next(_fresh), time.time_ns()
    ids = field(1, (trace or struct.pack("<Q", number)) + bytes(7) + b"t") + field(2, struct.pack("<Q", number))
    said = b"".join(attribute(9, key, value) for key, value in attributes)
    state = field(15, field(3, status)) if status else b""
    return field(2, ids + field(6, 2) + fixed(7, now - 10**6) + fixed(8, now) + said + state)


def small_spans(count):
    """That many SERVER spans of now, and nothing else."""
    now = time.time_ns()
    return field(2, field(6, 2) + fixed(7, now - 10**6) + fixed(8, now)) * count


def histogram(bounds, counts, labels):
    """A point of a histogram that never began anew, with explicit boundaries."""
    now = time.time_ns()
    said = b"".join(attribute(9, key, value) for key, value in labels)
    packed = field(7, struct.pack(f"<{len(bounds)}d", *bounds)) + field(6, struct.pack(f"<{len(counts)}Q", *counts))
    return field(1, fixed(2, now - 10**10) + fixed(3, now) + fixed(4, sum(counts)) + packed + said)


def exponential(counts, labels):
    """The same of an exponential one."""
    now = time.time_ns()
    said = b"".join(attribute(1, key, value) for key, value in labels)
    positive = field(8, field(2, b"".join(map(varint, counts))))
    return field(1, said + fixed(2, now - 10**10) + fixed(3, now) + fixed(4, sum(counts)) + positive)


def metric(kind, points, name=b"http.server.request.duration", temporality=2):
    """A metric of points: `kind` is 9 for histograms, 10 for exponential ones."""
    return field(2, field(1, name) + field(3, b"s") + field(kind, points + field(2, temporality)))
