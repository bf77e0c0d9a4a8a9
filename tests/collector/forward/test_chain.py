"""Two collectors in a row: what the first acknowledged the second counts, once it can be reached, by either protocol."""

from __future__ import annotations

import asyncio

from fournines.collector import Collector, Counters, Doors, Ledger, Signal
from fournines.collector.doors.door import Terms
from fournines.collector.forward import FOLDER, Destination, Forwards, Instruments, OtlpGrpcForwarder, OtlpHttpForwarder
from fournines.collector.traces.traces import Traces


async def soon(_seconds):
    """Waits that are shorter than life."""
    await asyncio.sleep(0.02)


async def until(true):
    """Waits for something to become true."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - what is waited for is seen from outside only
            await asyncio.sleep(0.01)


def test_the_second_collector_counts_what_the_first_acknowledged(tmp_path, otlp, span, histogram, slo, now, decoders):
    """Traces over HTTP and metrics over gRPC, sent while the second was down and while it was up: each counts what the other does."""
    slos = [slo("spans"), slo("points", signal="http.server.request.duration")]
    second = Collector(Ledger(tmp_path / "second", now), slos, now, decoders)
    ledger, counters = Ledger(tmp_path / "first", now), Counters()
    traces = Traces(tmp_path / "first", counters.registry)

    def send(collector, number):
        bodies = [(Signal.TRACES, otlp.spans(*(span(now, status=500) for _ in range(number))))]
        bodies += [(Signal.METRICS, otlp.points(histogram(now - 5 - number, now - number, number)))]
        for signal, body in bodies:
            collector.accept(signal, body, now).result()

    async def story():
        doors = Doors(Terms(second.accept, lambda: now), "127.0.0.1", 0, 0)
        await doors.start()
        http, grpc = doors.http_port, doors.grpc_port
        await doors.stop(0)

        place, instruments = tmp_path / "first" / FOLDER, Instruments(counters.registry)
        senders = {
            Signal.TRACES: OtlpHttpForwarder(f"http://127.0.0.1:{http}", lambda: now),
            Signal.METRICS: OtlpGrpcForwarder(f"127.0.0.1:{grpc}", tls=False),
        }
        forwards = Forwards(
            [
                Destination(
                    signal.name, sender, place, instruments, lambda: now, signals=frozenset({signal}), sleep=soon
                )
                for signal, sender in senders.items()
            ]
        )
        first = Collector(ledger, slos, now, decoders, counters=counters, taps=(traces, forwards))
        task = asyncio.create_task(forwards.run())
        retried = lambda signal: first.counters.registry.get_sample_value(  # noqa: E731
            "fournines_forward_retries_total", {"destination": signal.name}
        )
        await asyncio.to_thread(send, first, 3)
        await until(lambda: retried(Signal.TRACES) and retried(Signal.METRICS))
        again = Doors(Terms(second.accept, lambda: now), "127.0.0.1", http, grpc)
        await again.start()
        for number in range(4, 9):
            await asyncio.to_thread(send, first, number)
        await until(lambda: first.totals() == second.totals())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await again.stop(0)
        return first, forwards

    first, forwards = asyncio.run(story())
    totals = first.totals()
    kept = traces.settle()
    first.close()
    traces.close()
    forwards.close()
    second.close()

    assert kept
    assert (0, sum(range(3, 9)), 0) == totals["spans"]
    assert (sum(range(3, 9)), sum(range(3, 9)), 0) == totals["points"]
