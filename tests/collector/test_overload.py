"""More than can be taken: refused at once and retryably, memory bounded, and what was acknowledged is in the ledger."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from fournines.collector import Doors, Room, Signal, Terms

SENDERS = 40
HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: %d\r\n\r\n"


def send(port, body):
    """Sends one request; gives the status, and whether it says when to come again."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sender:
        sender.sendall(HEAD % len(body) + body)
        answer = sender.recv(4000)
    return int(answer[9:12]), b"\r\nretry-after: " in answer.lower()


@pytest.mark.parametrize("most", [{"most_bytes": 4_000}, {"most_requests": 4}])
def test_ten_times_the_load(opened, serving, otlp, span, slo, decoders, now, most):
    """What finds no room is 503 with Retry-After; all that got 200 is counted, once; and once there is room all is taken."""
    going, peak = threading.Event(), []
    room = Room(**most)

    def slowly(body, wanted, ends=()):
        peak.append((room.bytes, room.requests))
        assert going.wait(30)
        return decoders.spans(body, wanted, ends)

    collector = opened([slo("all")], decoders=replace(decoders, spans=slowly), room=room)
    bodies = [otlp.spans(*[span(now)] * 5) for _ in range(SENDERS)]
    terms = Terms(collector.accept, lambda: now, room=room)
    with serving(lambda: Doors(terms, "127.0.0.1", 0, 0)) as doors, ThreadPoolExecutor(SENDERS) as pool:
        under_way = [pool.submit(send, doors.http_port, body) for body in bodies]
        while sum(one.done() for one in under_way) < SENDERS - 10:
            going.wait(0.005)
        peak.append((room.bytes, room.requests))
        going.set()
        first = [one.result() for one in under_way]
        acknowledged = sum(status == 200 for status, _ in first)

        assert {(200, False), (503, True)} == set(first)
        assert (5 * acknowledged,) * 2 == collector.totals()["all"][:2]
        again = list(pool.map(lambda body: send(doors.http_port, body), bodies[:4]))

    assert {(200, False)} == set(again)
    assert max(size for size, _ in peak) <= most.get("most_bytes", 10**9)
    assert max(requests for _, requests in peak) <= most.get("most_requests", 10**9)
    assert (0, 0) == (room.bytes, room.requests)


def test_logs_go_the_same_way(opened, serving, now):
    """Logs are decoded and acknowledged as everything else."""
    collector = opened()
    terms = Terms(collector.accept, lambda: now)
    with serving(lambda: Doors(terms, "127.0.0.1", 0, 0)) as doors:
        assert 1 == collector.accept(Signal.LOGS, b"\x0a\x06\x12\x04\x12\x02\x10\x09", now).result().accepted
        assert 200 == send(doors.http_port, b"")[0]
