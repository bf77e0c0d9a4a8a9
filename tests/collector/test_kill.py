"""kill -9 at random moments under load: nothing acknowledged is lost, and nothing is counted twice."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from fournines.collector import Signal

SENDERS = 6
FRAME = struct.Struct("<BdI")
TOTALS = 255

pytestmark = pytest.mark.usefixtures("decoders")  # compiled before a child needs them

# A collector behind a socket: frames of (signal, received, length) and a body, answered by one byte once they are durable.
CHILD = """
    import os, socket, struct, sys, threading
    from decimal import Decimal
    from pathlib import Path
    from fournines.collector import Collector, Ledger, Signal
    from fournines.collector.kernels import load_decoders
    from fournines.slo import SLI, SLO, Objective, SLIKind

    def slo(name, signal):
        return SLO(name, SLI(SLIKind.AVAILABILITY, "payments", signal), Objective(Decimal("0.99")))

    slos = [slo("spans", "spans"), slo("metric", "http.server.request.duration")]
    decoders = load_decoders(Path(os.environ["FOURNINES_KERNELS"]))
    collector = Collector(Ledger(Path(sys.argv[1]), 1.79e9), slos, 1.79e9, decoders)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def serve(connection):
        stream = connection.makefile("rb")
        while head := stream.read(13):
            signal, received, length = struct.unpack("<BdI", head)
            if signal == 255:
                totals = collector.totals()
                connection.sendall(struct.pack("<QQ", totals["spans"][1], totals["metric"][1]))
            else:
                collector.accept(Signal(signal), stream.read(length), received).result()
                connection.sendall(b"+")

    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


class Child:
    """The collector's process."""

    def __init__(self, folder):
        command = [sys.executable, "-c", textwrap.dedent(CHILD), folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def totals(self):
        with self.connect() as connection:
            connection.sendall(FRAME.pack(TOTALS, 0.0, 0))
            return struct.unpack("<QQ", connection.recv(16, socket.MSG_WAITALL))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Sender(threading.Thread):
    """Sends one body after the other, and keeps the one that got no answer to send its very bytes again."""

    def __init__(self, number, otlp, span, histogram, now):
        super().__init__()
        self.number, self.otlp, self.span, self.histogram, self.now = number, otlp, span, histogram, now
        self.random = random.Random(number)
        self.level = 0
        self.clock = now
        self.unanswered = None
        self.sent = [0, 0]
        self.acknowledged = [0, 0]

    def body(self):
        """(signal, body, which SLO, events)"""
        count = self.random.randint(1, 20)
        begin, self.clock = self.clock, self.clock + 0.001
        instance = str(self.number)
        match self.random.randrange(3):
            case 0:
                return Signal.TRACES, self.otlp.spans(*[self.span(self.now)] * count, instance=instance), 0, count
            case 1:
                point = self.histogram(begin, self.clock, count)
                return Signal.METRICS, self.otlp.points(point, instance=instance), 1, count
            case _:
                self.level += count
                point = self.histogram(self.now, self.clock, self.level)
                return Signal.METRICS, self.otlp.points(point, instance=f"c{instance}", cumulative=True), 1, count

    def send(self, connection, most):
        """Sends at most `most` bodies, the unanswered one first."""
        for _ in range(most):
            if self.unanswered is None:
                self.unanswered = self.body()
                self.sent[self.unanswered[2]] += self.unanswered[3]
            signal, body, which, events = self.unanswered
            connection.sendall(FRAME.pack(signal, self.now, len(body)) + body)
            if connection.recv(1) != b"+":
                return
            self.acknowledged[which] += events
            self.unanswered = None


def sums(senders):
    """What all senders sent and got acknowledged, by SLO."""
    return tuple(
        [sum(getattr(one, what)[which] for one in senders) for which in (0, 1)] for what in ("sent", "acknowledged")
    )


def under_load(child, senders, seconds):
    """Lets all senders send until the collector is killed in the middle of it."""

    def run(sender):
        with contextlib.suppress(OSError), child.connect() as connection:
            sender.send(connection, 10**6)

    threads = [threading.Thread(target=run, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    child.kill()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(3, marks=pytest.mark.timeout(300)),
        pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(900)]),
    ],
)
def test_kill_nine(tmp_path, otlp, span, histogram, now, kills):
    """Acknowledged <= counted <= sent after every kill, and counted == sent once what got no answer was sent again."""
    moments = random.Random()
    senders = [Sender(number, otlp, span, histogram, now) for number in range(SENDERS)]
    with contextlib.ExitStack() as ends:
        child = ends.enter_context(Child(tmp_path))
        for _ in range(kills):
            under_load(child, senders, moments.uniform(0.05, 0.8))
            child = ends.enter_context(Child(tmp_path))
            counted = child.totals()
            for sent, seen, acknowledged in zip(sums(senders)[0], counted, sums(senders)[1], strict=True):
                assert acknowledged <= seen <= sent
        for sender in senders:
            with child.connect() as connection:
                sender.send(connection, 1)
        counted = child.totals()

    assert all(sender.unanswered is None for sender in senders)
    assert tuple(sums(senders)[0]) == counted == tuple(sums(senders)[1])
    assert min(counted) > 0
