"""Attacks on a real `serve`, one fresh collector each: what memory they cost, and whether what was acknowledged was counted, once.

    scripts/attack [--only NAME ...] [--seconds 20]

One line an attack: the highest resident memory (and that at rest before, and five seconds after), what was acknowledged, how many
requests were refused with what status, what was counted or rejected in an answer, and whether the two are equal; and how long after
the last of it an ordinary request is acknowledged. Ends with 1 where they are not equal, or where a refusal for want of room did not
say when to come again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import itertools
import socket
import sys
import time
from typing import NamedTuple

import grpc.aio
from attacked import serving
from bodies import (
    LOGS,
    MARK,
    METRICS,
    SPANS,
    Numbered,
    attribute,
    exponential,
    export,
    field,
    histogram,
    metric,
    resource,
    small_spans,
    span,
    stamp,
)
from sending import HEAD, PATIENCE, Sender, Told, closed_loop, many_files, open_loop, request

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
GZIP = b"Content-Encoding: gzip\r\n"
MOST_ITEMS = 990_000


def numbered(items, body, path=SPANS):
    """Requests of a body whose marks are other numbers each time."""
    return ((request(each, path), items) for each in Numbered(body))


def same(items, body, path=SPANS):
    """Requests that differ in a field that nobody knows."""
    return ((request(body + stamp(), path), items) for _ in itertools.count())


def spans(count, *attributes, **more):
    """A body of that many alike."""
    return export(b"".join(span(*attributes, **more) for _ in range(count)))


def labels():
    """Spans with a million different routes."""
    return numbered(500, spans(500, (b"http.route", b"/" + MARK)))


def long_labels():
    """Failed spans with routes of 60 kB, no two alike."""
    return numbered(10, spans(10, (b"http.route", MARK + b"x" * 60_000), status=2))


def services():
    """A million services."""
    return numbered(200, (field(1, resource(MARK) + field(2, span()))) * 200)


def instances():
    """A million instances of one service, with resources of 3 kB."""
    more = attribute(1, b"note", b"x" * 3_000)
    return numbered(50, field(1, resource(instance=MARK, more=more) + field(2, span())) * 50)


def traces():
    """Failed spans, each of a trace of its own, with 50 kB of attributes."""
    return numbered(20, spans(20, (b"note", b"x" * 50_000), status=2, trace=MARK))


def wide():
    """Cumulative exponential histograms of 160 buckets, no two streams alike."""
    said = (b"http.route", b"/a"), (b"tenant", MARK)
    return numbered(500, export(metric(10, exponential([1] * 160, said) * 500)), METRICS)


def tall():
    """Cumulative histograms of 160 explicit buckets, no two streams alike."""
    bounds, said = [n / 100 for n in range(1, 160)], ((b"http.route", b"/a"), (b"tenant", MARK))
    return numbered(200, export(metric(9, histogram(bounds, [1] * 160, said) * 200)), METRICS)


def bounds():
    """Histograms whose boundaries are never the same."""
    first = itertools.count(0, 50)
    for _ in itertools.count():
        points = [histogram([next(first) + n / 200 for n in range(159)], [1] * 160, ()) for _ in range(50)]
        yield request(export(metric(9, b"".join(points), temporality=1)), METRICS), 50


def intervals():
    """Delta points of millions of streams."""
    point = histogram((0.1,), (1, 0), ((b"tenant", MARK),))
    return numbered(5_000, export(metric(9, point * 5_000, temporality=1)), METRICS)


def tiny():
    """Requests of one span."""
    return same(1, spans(1))


def steady():
    """Requests of 500 spans of 400 bytes."""
    return same(500, b"".join(spans(10, (b"http.route", b"/%d" % n), (b"note", b"x" * 300)) for n in range(50)))


def empty_spans():
    """990,000 spans of nothing a request."""
    return same(MOST_ITEMS, export(b"\x12\x00" * MOST_ITEMS))


def bare_spans():
    """200,000 SERVER spans of nothing but their times a request."""
    return ((request(export(small_spans(200_000))), 200_000) for _ in itertools.count())


def empty_records():
    """990,000 log records of nothing a request."""
    return same(MOST_ITEMS, export(b"\x12\x00" * MOST_ITEMS), LOGS)


def empty_points():
    """990,000 points of nothing a request."""
    return same(MOST_ITEMS, export(metric(9, b"\x0a\x00" * MOST_ITEMS)), METRICS)


def megabytes():
    """Requests of one megabyte."""
    return same(2_500, spans(2_500, (b"note", b"x" * 300)))


def largest():
    """Requests of 60 megabytes: a few spans with large attributes."""
    return same(60, spans(60, (b"note", b"x" * 1_000_000)))


def bombs():
    """60 megabytes of spans as a few kilobytes of gzip."""
    packed = gzip.compress(export(small_spans(900_000)) + field(99, bytes(35 * 2**20)), 6)
    return ((request(packed + gzip.compress(stamp()), headers=GZIP), 900_000) for _ in itertools.count())


class Attack(NamedTuple):
    """`make` gives requests with their items; `in_slo` says whether one SLO counts all of them, `exact` whether each is answered."""

    make: object
    connections: int = 8
    in_slo: bool = True
    open: bool = False
    exact: bool = True

    async def run(self, served, told, seconds):
        """Sends for so long."""
        how = open_loop if self.open else closed_loop
        await how(served.http, self.make(), self.connections, seconds, told)


class OverGrpc:
    """600 calls of a megabyte at once, over gRPC: more than there is room for."""

    in_slo = True
    exact = True

    async def run(self, served, told, seconds):
        """Sends for so long."""
        deadline = time.monotonic() + seconds
        options = (("grpc.use_local_subchannel_pool", 1),)

        async def work():
            async with grpc.aio.insecure_channel(f"127.0.0.1:{served.grpc}", options) as channel:
                export_spans = channel.unary_unary(EXPORT)
                while time.monotonic() < deadline:
                    await call(export_spans)

        async def call(export_spans):
            told.sent += 1
            try:
                await export_spans(body + stamp(), timeout=PATIENCE)
            except grpc.aio.AioRpcError as error:
                trailers = dict(error.trailing_metadata())
                retry = b"RetryInfo" in trailers.get("grpc-status-details-bin", b"")
                refused = error.code() is grpc.StatusCode.UNAVAILABLE and "grpc-status-details-bin" in trailers
                told.note("503" if refused else error.code().name, b"\r\nretry-after: " if retry else b"", 0)
            else:
                told.note("200", b"", 2_500)

        body = spans(2_500, (b"note", b"x" * 300))
        await asyncio.gather(*(work() for _ in range(600)))


class Stalled:
    """1,000 senders that announce 60 megabytes, send 300 kB and no more."""

    in_slo = True
    exact = False

    async def run(self, served, told, seconds):
        """Sends for so long."""
        streams = []
        for _ in range(1_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.http)
            writer.write(HEAD % (SPANS, b"", 60_000_000) + bytes(300_000))
            streams.append((reader, writer))
        await asyncio.sleep(seconds)
        for reader, writer in streams:
            told.sent += 1
            if reader._buffer:
                head = bytes(reader._buffer)
                told.note(head[9:12].decode(), head, 0)
            writer.close()


class Deaf:
    """1,000 senders that never read an answer."""

    in_slo = False
    exact = False

    async def run(self, served, told, seconds):
        """Sends for so long."""
        wire = request(export(small_spans(10)))
        senders = []
        for _ in range(1_000):
            sender = socket.create_connection(("127.0.0.1", served.http))
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sender.setblocking(False)
            senders.append(sender)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for sender in senders:
                try:
                    sender.send(wire * 100)
                except OSError:
                    continue
            await asyncio.sleep(0.05)
        for sender in senders:
            sender.close()


class Segments:
    """X-Ray segments that never end, over UDP."""

    in_slo = False
    exact = False

    async def run(self, served, told, seconds):
        """Sends for so long."""
        head = b'{"format": "json", "version": 1}\n'
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            deadline = time.monotonic() + seconds
            for number in itertools.count():
                if time.monotonic() > deadline:
                    return
                document = (
                    b'{"name": "x%d", "id": "%016x", "trace_id": "1-%08x-%024x", "start_time": %f, "in_progress": true, "note": "%s"}'
                    % (number % 5_000, number, int(time.time()), number, time.time(), b"x" * 20_000)
                )
                sender.sendto(head + document, ("127.0.0.1", served.xray))
                if number % 20 == 0:
                    await asyncio.sleep(0.001)


ATTACKS = {
    "labels": Attack(labels),
    "long-labels": Attack(long_labels),
    "services": Attack(services, in_slo=False),
    "instances": Attack(instances),
    "traces": Attack(traces),
    "wide": Attack(wide, in_slo=False),
    "tall": Attack(tall, in_slo=False),
    "bounds": Attack(bounds, in_slo=False),
    "intervals": Attack(intervals, in_slo=False),
    "tiny": Attack(tiny, connections=64),
    "connections": Attack(steady, connections=1_000),
    "empty-spans": Attack(empty_spans, connections=40, in_slo=False),
    "bare-spans": Attack(bare_spans, connections=40),
    "empty-records": Attack(empty_records, connections=40, in_slo=False),
    "empty-points": Attack(empty_points, connections=40, in_slo=False),
    "megabytes": Attack(megabytes, connections=700),
    "largest": Attack(largest, connections=20),
    "bombs": Attack(bombs, connections=40),
    "grpc": OverGrpc(),
    "stalled": Stalled(),
    "deaf": Deaf(),
    "segments": Segments(),
    "overload": Attack(steady, connections=400, open=True),
}


async def recovery(served):
    """Seconds until another service's request is acknowledged; at most as long as a sender is patient."""
    began, told = time.monotonic(), Told()
    with contextlib.closing(Sender(served.http)) as sender:
        while not told.acknowledged and time.monotonic() < began + PATIENCE:
            await sender.send(request(field(1, resource(b"bystander") + field(2, span()))), 1, told)
    return time.monotonic() - began


def attacked(name, seconds):
    """Runs one attack; says it in a line, and whether all was well."""
    attack, told = ATTACKS[name], Told()
    with serving() as served:
        idle = served.megabytes()
        asyncio.run(attack.run(served, told, seconds))
        recovered = asyncio.run(recovery(served))
        while served.metric("fournines_queue_requests"):
            time.sleep(0.2)
        peak, counted = served.megabytes(), served.events() if attack.in_slo else served.settled()
        time.sleep(5)
        after = served.megabytes("VmRSS")
    equal = counted == told.acknowledged
    sys.stdout.write(
        f"{name:>13}: peak {peak:4.0f} MB (idle {idle:.0f}, after {after:.0f}), {told.acknowledged:,} acknowledged, "
        f"{counted:,} counted, {'equal' if equal else 'different'}, {told.sent:,} requests, "
        f"refused {told.refused or 'none'}, {told.unkind} without Retry-After, answers again after {recovered * 1000:.0f} ms\n"
    )
    sys.stdout.flush()
    # Of answers that never came nobody knows what became: what was sent may be counted.
    unknown = told.broken or not attack.exact
    return (equal or (unknown and counted >= told.acknowledged)) and not told.unkind


def main():
    """Attacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", choices=ATTACKS, default=list(ATTACKS), metavar="NAME", help=", ".join(ATTACKS)
    )
    parser.add_argument("--seconds", type=float, default=20, help="each attack's time")
    options = parser.parse_args()
    many_files()
    sound = [attacked(name, options.seconds) for name in options.only]
    sys.exit(0 if all(sound) else 1)


if __name__ == "__main__":
    main()
