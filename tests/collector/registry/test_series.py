"""Attribute sets and what they feed: bounded, never in the way of a verdict; and which source feeds which signal."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from fournines.collector import Signal
from fournines.collector.columns import Source
from fournines.collector.registry import series as module
from fournines.collector.registry.series import OVERFLOWED
from fournines.slo import DAY, Window

ALL = Window(30 * DAY)
DURATION = "http.server.request.duration"


def count(collector, name, now):
    seen = collector.observe([name], [ALL], now)
    return int(seen.good[0, 0]), int(seen.total[0, 0])


def send(collector, body, now, source=Source.OTLP):
    return collector._intake.accept(Signal.TRACES, body, now, source).result()


class Blamed:
    """Stands where contributors do, and remembers."""

    def __init__(self, books, monkeypatch):
        self.calls = []
        monkeypatch.setattr(books.contributors, "blame", lambda *call: self.calls.append(call))


def test_a_flood_of_labels_hides_no_outage(opened, otlp, span, slo, now, monkeypatch):
    """Beyond the bound every event is judged all the same; bad ones are told under the specification's overflow."""
    monkeypatch.setattr(module, "MOST_OF_A_SERVICE", 20)
    collector = opened([slo("all")])
    blamed = Blamed(collector._books, monkeypatch)
    send(collector, otlp.spans(*(span(now, route=f"/{number}") for number in range(100))), now)
    send(collector, otlp.spans(span(now, route="/new", status=500), span(now, route="/0", status=500)), now)

    assert (100, 102) == count(collector, "all", now)
    assert {"payments"} == collector.series_overflows.keys()
    assert OVERFLOWED in [call[3] for call in blamed.calls]


@pytest.mark.no_cover
def test_a_million_labels_cost_no_memory(opened, slo):
    """Sets that find no room leave nothing behind: the dictionary ends as large as it was when it was full."""
    books = opened([slo("all")])._books
    books.introduce("payments", 1.0, metrics=False, spans=True)

    def flood(first, last):
        for number in range(first, last):
            books.series.feeds("payments", ("spans",), 2, {"http.route": f"/{number}"})

    flood(0, 3_000)
    tracemalloc.start()
    flood(3_000, 8_000)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert module.MOST_OF_A_SERVICE == len(books.series)
    assert grown < 200_000


def test_long_texts_cost_no_memory(opened, slo):
    """A set whose texts are long is judged and not remembered; one of the usual size is, whatever came before."""
    books = opened([slo("all")])._books
    books.introduce("payments", 1.0, metrics=False, spans=True)
    texts = [f"/{number}" + "x" * module.LONGEST_SET for number in range(50)]
    fed = {books.series.feeds("payments", ("spans",), 2, {"http.route": text, "url.path": "/"}) for text in texts}

    assert 0 == len(books.series)
    assert 50 == books.series.overflows["payments"]
    assert {books.series.feeds("payments", ("spans",), 2, {"http.route": "/usual"})} == fed
    assert 1 == len(books.series)


@pytest.mark.no_cover
def test_streams_of_a_flood_are_bounded(opened, slo):
    """What is remembered of metric streams is dropped where it becomes much, and decided again."""
    books = opened([slo("all", signal=DURATION)])._books
    labels = [{"http.response.status_code": code} for code in (200, 500)]
    for first in range(0, module.MOST_STREAMS + 100_000, 50_000):
        books.series.trim()
        streams = np.arange(first, first + 50_000)
        numbers = books.series.of_streams("payments", DURATION, b"i", streams, lambda index: labels[index % 2])
        assert 2 == len({books.series.numbered(number) for number in set(numbers.tolist())})
        assert books.series._streams <= module.MOST_STREAMS + 50_000


def test_idle_sets_make_room(opened, otlp, span, slo, now, monkeypatch):
    """A set nobody sent between two sweeps is forgotten; one that is sent stays."""
    monkeypatch.setattr(module, "MOST_OF_A_SERVICE", 2)
    collector = opened([slo("all")])
    series = collector._books.series
    for route in ("/a", "/b", "/c"):
        send(collector, otlp.spans(span(now, route=route)), now)
    assert {"payments": 1} == series.overflows
    series.sweep()
    send(collector, otlp.spans(span(now, route="/a")), now)
    series.sweep()
    send(collector, otlp.spans(span(now, route="/d")), now)

    assert (2, {"payments": 1}) == (len(series), series.overflows)
    assert (5, 5) == count(collector, "all", now)


def test_segments_count_as_spans_while_there_are_no_others(opened, otlp, span, slo, now):
    """X-Ray's segments feed `xray` always, and `spans` until their service sends OTLP spans."""
    collector = opened([slo("x", signal="xray"), slo("s"), slo("p", signal="probe")])
    send(collector, otlp.spans(span(now)), now, Source.XRAY)
    send(collector, otlp.spans(span(now), span(now)), now)
    send(collector, otlp.spans(span(now), span(now, status=500)), now, Source.XRAY)

    assert [(2, 3), (3, 3), (0, 0)] == [count(collector, name, now) for name in ("x", "s", "p")]


def test_probes_feed_probes_alone(opened, otlp, span, slo, now):
    """A probe's result counts for its own signal, whatever page it asks for, and is no sign of life of the service."""
    collector = opened([slo("s"), slo("p", signal="probe")])
    send(collector, otlp.spans(span(now, kind=3, route="/healthz"), span(now, kind=3, status=500)), now, Source.PROBE)
    heard = collector.observe(["s"], [ALL], now).heard

    assert [(0, 0), (1, 2)] == [count(collector, name, now) for name in ("s", "p")]
    assert np.isnan(heard[0])
    assert 2 == len(collector.slos)


@pytest.mark.parametrize("source", [Source.OTLP, Source.XRAY])
def test_spans_and_metrics_never_feed_one_slo(opened, otlp, span, histogram, now, source):
    """An automatic SLO shows metrics where there are any, and not the same requests again as spans or segments."""
    collector = opened()
    send(collector, otlp.spans(*(span(now) for _ in range(5))), now, source)
    collector.accept(Signal.METRICS, otlp.points(histogram(now - 5, now, 3)), now).result()
    assert (3, 3) == count(collector, "payments-availability", now)
    collector.tick(now + 61)
    send(collector, otlp.spans(span(now + 62)), now + 62, source)

    assert (3, 3) == count(collector, "payments-availability", now + 70)


def test_bad_events_name_who_had_a_part_once(opened, otlp, span, histogram, slo, now, monkeypatch):
    """Failed and slow events are told once for what is alike, with what they were and where; good ones are not told."""
    more = {"signal": DURATION}
    collector = opened(
        [slo("all"), slo("quick", threshold="0.25"), slo("m", **more), slo("mq", threshold="0.25", **more)]
    )
    blamed = Blamed(collector._books, monkeypatch)
    spans = [span(now, status=503)] * 3 + [span(now, 0.4)] * 2 + [span(now)] * 9
    send(collector, otlp.spans(*spans), now)
    body = otlp.points(histogram(now - 5, now, 4, status=500), histogram(now - 5, now, 6, quick=1))
    collector.accept(Signal.METRICS, body, now).result()
    rows, second = collector.catalogue.rows, int(now) // 10 * 10
    told = {(call[0], call[2], call[3].get("http.response.status_code")) for call in blamed.calls}

    of_file = {(slos, bad, status) for slos, bad, status in told if rows["all"] in slos or rows["quick"] in slos}
    assert {(3, 503), (2, 200)} == {(bad, status) for _, bad, status in of_file}
    assert {(4, 500), (5, 200)} == {(b, s) for slos, b, s in told if rows["m"] in slos or rows["mq"] in slos}
    assert {second} == {call[1] for call in blamed.calls}
    assert {"payments"} == {call[4]["service.name"] for call in blamed.calls}


def test_points_that_claim_too_much_are_told(opened, otlp, histogram, slo, decoders, now):
    """Counts above 2**53 as well as above 10**12 are refused with a reason, and the rest of the request counts."""

    def decode(body, wanted):
        points = decoders.points(body, wanted)
        return replace(points, implausible=points.skipped)

    collector = opened([slo("m", signal=DURATION)], decoders=replace(decoders, points=decode))
    points = (histogram(now - 5, now, count) for count in (2**53 + 1, 10**12 + 1, 7))
    receipt = collector.accept(Signal.METRICS, otlp.points(*points), now).result()

    assert (1, 2, "2 data points of an implausible count") == receipt[:3]
    assert (7, 7) == count(collector, "m", now)
