"""From a datagram to the ledger: segments count for SLOs, each request once."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal

import pytest

from fournines.collector.xray import XrayReceiver
from fournines.slo import SLI, SLO, Objective, SLIKind, Window


@pytest.fixture
def counted(opened, loop):
    """A collector with one SLO of segments and one of spans, and a receiver in front of it."""
    slos = [
        SLO(f"pay-{signal}", SLI(SLIKind.AVAILABILITY, "payments", signal), Objective(Decimal("0.99")))
        for signal in ("xray", "spans")
    ]
    collector = opened(slos, time.time())
    receiver = XrayReceiver(
        collector.accept,
        "127.0.0.1",
        0,
        registry=collector.counters.registry,
        clock=time.time,
        stopwatch=time.monotonic,
    )
    asyncio.run_coroutine_threadsafe(receiver.start(), loop).result(10)

    def stop() -> None:
        asyncio.run_coroutine_threadsafe(receiver.stop(), loop).result(10)

    return collector, receiver, stop


def test_every_segment_is_counted_once(counted, segment, subsegment, datagram, port_of):
    """Good, failed and throttled segments, in progress and repeated, with calls within: the ledger holds each request once."""
    collector, receiver, stop = counted
    port = port_of(receiver, collector.counters.registry)
    now = time.time()
    fields = [{}] * 60 + [{"fault": True}] * 25 + [{"throttle": True, "error": True}] * 15
    documents = [
        segment(
            start_time=now - 0.1, end_time=now, subsegments=[subsegment(start_time=now - 0.1, end_time=now)], **more
        )
        for more in fields
    ]
    begun = [
        {key: value for key, value in one.items() if key != "end_time"} | {"in_progress": True} for one in documents
    ]
    port.send(*map(datagram, begun[:50]))
    port.send(*map(datagram, documents))
    port.send(*map(datagram, documents[:30]), *map(datagram, begun[50:60]))
    port.wait("datagrams", 190)
    stop()

    observed = collector.observe(["pay-xray", "pay-spans"], [Window.parse("1h")], time.time())

    assert observed.good.tolist() == [[60], [60]]
    assert observed.total.tolist() == [[85], [85]]
    assert port.readings["dropped/repeated"] == 70  # 30 segments, their 30 subsegments, 10 begins
