"""From an export to the counts: which events there are, which are good, when they are booked, and that none counts twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from fournines.collector import Signal, Wanted
from fournines.collector.ledger.buckets import FUTURE, kept_from
from fournines.collector.names import HEARTBEAT
from fournines.collector.registry import series as series_module
from fournines.collector.registry.automatic import WORK
from fournines.slo import (
    DAY,
    HOUR,
    HTTP_CLIENT_DURATION,
    HTTP_SERVER_DURATION,
    TIERS,
    Condition,
    Interval,
    NoData,
    SpanKind,
    Window,
)

ALL = Window(30 * DAY)
DURATION = "http.server.request.duration"


def count(collector, name, now, window=ALL):
    """(good, total) of an SLO."""
    seen = collector.observe([name], [window], now)
    return int(seen.good[0, 0]), int(seen.total[0, 0])


def send_spans(collector, body, now):
    """Sends an export of spans and gives its receipt."""
    return collector.accept(Signal.TRACES, body, now).result()


def send_points(collector, body, now):
    """Sends an export of points and gives its receipt."""
    return collector.accept(Signal.METRICS, body, now).result()


def pass_time(collector, now, seconds):
    """Lets so much time pass as it does, with neither sleep nor step."""
    for passed in range(0, seconds + 1, 15):
        collector.tick(now + passed)
    collector.tick(now + seconds)


@pytest.mark.parametrize(
    ("status", "route", "availability", "latency"),
    [
        (200, "/pay", (1, 1), (1, 1)),
        (404, "/pay", (1, 1), (1, 1)),
        (429, "/pay", (0, 0), (0, 0)),
        (499, "/pay", (0, 0), (0, 0)),
        (503, "/pay", (0, 1), (0, 0)),
        (200, "/healthz", (0, 0), (0, 0)),
    ],
)
@pytest.mark.parametrize("metric", [False, True])
def test_one_table_decides(opened, otlp, span, histogram, slo, now, status, route, availability, latency, metric):
    """Spans and histograms are judged by the same table, for availability and for latency."""
    more = {"signal": DURATION} if metric else {}
    collector = opened([slo("all", **more), slo("quick", threshold="0.25", **more)])
    if metric:
        receipt = send_points(collector, otlp.points(histogram(now - 5, now, 1, status=status, route=route)), now)
    else:
        receipt = send_spans(collector, otlp.spans(span(now, status=status, route=route)), now)

    assert (1, 0, "") == receipt[:3]
    assert (availability, latency) == (count(collector, "all", now), count(collector, "quick", now))


def test_a_duration_equal_to_the_threshold_is_good(opened, otlp, span, slo, now):
    """A nanosecond decides, in favour of the service at the threshold itself."""
    collector = opened([slo("quick", threshold="0.3")])
    body = otlp.spans(span(now, 0.3), span(now, 0.300000001), span(now, 0.299999999))
    send_spans(collector, body, now)

    assert (2, 3) == count(collector, "quick", now)


@pytest.mark.parametrize(("threshold", "good", "boundary"), [("0.25", 7, 0), ("0.3", 7, 0.25), ("0.05", 0, None)])
def test_a_histogram_answers_by_its_boundaries(opened, otlp, histogram, slo, now, threshold, good, boundary):
    """A threshold that is no boundary is taken down to the next one below, and the SLO says so."""
    collector = opened([slo("quick", threshold=threshold, signal=DURATION)])
    send_points(collector, otlp.points(histogram(now - 5, now, 10, quick=7)), now)

    assert (good, 10) == count(collector, "quick", now)
    assert ({} if boundary == 0 else {"quick": boundary}) == {
        name: used for name, used in collector.off_boundary.items() if name == "quick"
    }


def test_callers_and_servers_are_counted_apart(opened, otlp, span, slo, now):
    """An SLI of kind CLIENT counts what callers saw, one of kind SERVER what was served, and a metric is known by its name."""
    collector = opened(
        [slo("served"), slo("called", span_kind=SpanKind.CLIENT), slo("client metric", signal=HTTP_CLIENT_DURATION)]
    )
    send_spans(collector, otlp.spans(span(now), span(now, kind=3), span(now, kind=3), span(now, kind=1)), now)

    assert [(1, 1), (2, 2), (0, 0)] == [count(collector, name, now) for name in ("served", "called", "client metric")]


def test_a_service_without_a_name_is_unknown(opened, otlp, span, now):
    """A resource without a service name belongs to `unknown_service`."""
    collector = opened()
    send_spans(collector, otlp.spans(span(now), service=""), now)

    assert ["unknown_service-availability", "unknown_service-latency"] == [slo.name for slo in collector.slos]


def test_events_are_booked_by_when_they_ended(opened, otlp, span, slo, now):
    """An event is booked by its end, or by its reception where its sender's clock is ahead."""
    collector = opened([slo("all")])
    ends = [now - 9.9, now - 0.1, now, now + 9.99, now + 15]
    send_spans(collector, otlp.spans(*(span(end) for end in ends)), now + 10)
    points = collector.history("all", Interval(int(now) - 20, int(now) + 40), 10)

    assert [(int(now) - 10, 2), (int(now), 2), (int(now) + 10, 1)] == [(point.t, point.total) for point in points]


def test_too_early_and_too_late_are_refused_with_a_reason(opened, otlp, span, histogram, slo, now):
    """More than 5 minutes ahead, or older than all that is kept: refused, counted and said; the rest of the request counts."""
    collector = opened([slo("all"), slo("metric", signal=DURATION)])
    oldest = kept_from(TIERS[-1], now)
    spans = send_spans(
        collector, otlp.spans(*(span(t) for t in (now + FUTURE, now + FUTURE + 0.1, oldest, oldest - 0.1, 0.02))), now
    )
    points = send_points(
        collector, otlp.points(*(histogram(0, t, 1) for t in (now + FUTURE + 1, oldest - 1, now, 0))), now
    )

    assert (2, 3) == (spans.accepted, spans.rejected)
    assert "1 spans more than 5 minutes in the future" in spans.reason
    assert "2 spans older than the 400 days" in spans.reason
    assert (1, 3) == (points.accepted, points.rejected)
    assert (1, 1) == count(collector, "metric", now)


def test_a_request_counts_once(opened, otlp, span, slo, now):
    """The same bytes get the same receipt, at once or after a restart, and count once; other bytes count."""
    collector = opened([slo("all")])
    body = otlp.spans(span(now), span(now + 1000))
    first = send_spans(collector, body, now)
    again = send_spans(collector, body, now + 800)
    collector.close()
    collector = opened([slo("all")], now + 890)
    third = send_spans(collector, body, now + 890)
    send_spans(collector, otlp.spans(span(now)), now)

    assert first._replace(repeated=True) == again == third
    assert (1, 1, False) == (first.accepted, first.rejected, first.repeated)
    assert (2, 2) == count(collector, "all", now)


def test_the_signal_belongs_to_the_digest(opened, slo, now):
    """The same bytes sent as spans and as metrics are two requests."""
    collector = opened([slo("all")])

    assert not send_spans(collector, b"", now).repeated
    assert not send_points(collector, b"", now).repeated


def test_requests_are_forgotten(opened, otlp, span, slo, now):
    """What is remembered of requests and intervals stays its 15 minutes, and goes soon after, from memory and from the ledger."""
    collector = opened([slo("all")])
    for step in range(20):
        send_spans(collector, otlp.spans(span(now + step)), now + step)
    pass_time(collector, now, 905)
    kept = len(collector._books.digests)
    pass_time(collector, now + 905, 1095)
    rows = collector.ledger.writer.execute("SELECT count(*) FROM digest").fetchone()[0]

    assert 15 <= kept <= 20
    assert (0, 0) == (len(collector._books.digests), rows)


def test_a_clock_that_jumped_leaves_nothing_remembered_for_ever(opened, otlp, span, slo, now):
    """What was dated years ahead by a clock that jumped is forgotten when the clock is right again."""
    collector = opened([slo("all")])
    send_spans(collector, otlp.spans(span(now)), now + 1000 * DAY)
    send_spans(collector, otlp.spans(span(now)), now)
    pass_time(collector, now + 1, 1100)

    assert 0 == len(collector._books.digests)


@pytest.mark.parametrize("steps", [[1_200], [40 * DAY], [3_600, -3_600], [3 * DAY, -3 * DAY], [-DAY, DAY]])
def test_a_clock_that_is_set_and_a_machine_that_sleeps_forget_nothing(opened, otlp, span, histogram, slo, now, steps):
    """Who sends again knows nothing of it: requests and intervals are remembered 15 minutes from then, and go after that."""
    collector = opened([slo("all"), slo("metrics", signal=DURATION)])
    spans, points = otlp.spans(span(now - 1)), otlp.points(histogram(now - 6, now - 1, 3))
    said_anew = otlp.points(histogram(now - 6, now - 1, 3), up=True)
    send_spans(collector, spans, now)
    send_points(collector, points, now)
    collector.tick(now)
    for step in steps:
        now += step
        collector.tick(now)
        pass_time(collector, now, 60)
        now += 60
    assert send_spans(collector, spans, now).repeated
    assert send_points(collector, points, now).repeated
    send_points(collector, said_anew, now)
    assert [(1, 1, 0), (3, 3, 0)] == [collector.totals()[name] for name in ("all", "metrics")]
    pass_time(collector, now, 2_100)

    assert (0, 0) == (len(collector._books.digests), len(collector._books.intervals))


def test_an_interval_counts_once(opened, otlp, histogram, slo, now):
    """A delta interval that comes in other bytes is not counted again, and is no error; one that comes late is counted."""
    collector = opened([slo("metric", signal=DURATION)])
    one, two, three = (histogram(now + 5 * k, now + 5 * k + 5, 2) for k in range(3))
    for points in ((one,), (three,), (one, two), (two, three)):
        receipt = send_points(collector, otlp.points(*points), now + 20)
        assert (len(points), 0) == (receipt.accepted, receipt.rejected)
    collector.close()
    collector = opened([slo("metric", signal=DURATION)], now + 30)
    send_points(collector, otlp.points(three, one, two, up=True), now + 30)

    assert (6, 6) == count(collector, "metric", now + 30)
    value = collector.counters.registry.get_sample_value
    assert 3 == value("fournines_points_seen_total", {"seen": "counted before"})


def test_streams_that_differ_in_what_nobody_wants_are_two(opened, otlp, histogram, slo, now):
    """Points that differ only in an attribute no SLO asks for are two streams, in one body or in two."""
    collector = opened([slo("metric", signal=DURATION)])
    get, post = (histogram(now - 5, now, 2, method=method) for method in ("GET", "POST"))
    send_points(collector, otlp.points(get, post), now)
    other = [histogram(now, now + 5, 2, method=method) for method in ("GET", "POST")]
    send_points(collector, otlp.points(other[0]), now + 5)
    send_points(collector, otlp.points(other[1]), now + 5)

    assert (8, 8) == count(collector, "metric", now + 5)


def test_instances_are_streams_of_their_own(opened, otlp, histogram, slo, now):
    """Two instances of a service count what each of them served."""
    collector = opened([slo("metric", signal=DURATION)])
    for instance in ("a", "b"):
        send_points(collector, otlp.points(histogram(now - 5, now, 3), instance=instance), now)

    assert (6, 6) == count(collector, "metric", now)


def test_cumulative_points_count_by_what_they_grew(opened, otlp, histogram, slo, now):
    """A cumulative histogram counts its increases, good and bad, across restarts of the collector and of its sender."""
    slos = [slo("metric", signal=DURATION), slo("quick", threshold="0.25", signal=DURATION)]
    collector = opened(slos)

    def send(start, end, total, quick):
        body = otlp.points(histogram(now + start, now + end, total, quick=quick), cumulative=True)
        return send_points(collector, body, now + end)

    send(0, 5, 3, 2)
    send(0, 10, 5, 3)
    collector.close()
    collector = opened(slos, now + 11)
    send(0, 15, 9, 6)
    send(0, 12, 7, 5)
    send(20, 25, 4, 4)

    assert (13, 13) == count(collector, "metric", now + 30)
    assert (10, 13) == count(collector, "quick", now + 30)
    assert [0] * 3 != [point.total for point in collector.history("metric", Interval(int(now), int(now) + 40), 10)]


def test_sums_count_events(opened, otlp, slo, now):
    """A monotonic sum's value is events, delta or cumulative; it says nothing about latency."""
    slos = [slo("orders", signal="orders"), slo("total", signal="total"), slo("quick", threshold="1", signal="orders")]
    collector = opened(slos)
    send_points(collector, otlp.sums((now - 5, now, 4), (now, now + 5, 3)), now + 5)
    for end, value in ((5, 10), (10, 12)):
        send_points(collector, otlp.sums((now, now + end, value), name="total", cumulative=True), now + end)

    assert [(7, 7), (12, 12), (0, 0)] == [count(collector, name, now + 20) for name in ("orders", "total", "quick")]


def test_an_implausible_count_is_refused(opened, otlp, histogram, slo, now):
    """A point that claims more events than can be is refused, so that no sum of them overflows."""
    collector = opened([slo("metric", signal=DURATION)])
    receipt = send_points(
        collector, otlp.points(histogram(now - 5, now, 10**12 + 1), histogram(now - 4, now, 10**12)), now
    )

    assert (1, 1, "1 data points of an implausible count") == receipt[:3]
    assert (10**12, 10**12) == count(collector, "metric", now)


def test_points_without_temporality_are_refused(opened, otlp, slo, now):
    """What is neither delta nor cumulative can't be counted, and is refused with that reason."""
    collector = opened([slo("orders", signal="orders")])
    body = otlp.sums((now - 5, now, 4)).replace(b"\x10\x01\x18\x01", b"\x10\x00\x18\x01")

    assert (0, 1, "1 data points neither delta nor cumulative") == send_points(collector, body, now)[:3]


@pytest.mark.parametrize("metric", [False, True])
def test_an_slo_is_observed_from_its_first_event_or_sign_of_life(opened, otlp, span, histogram, slo, now, metric):
    """`since` is the second of the first export of the service, or the start of the earliest event if that is earlier."""
    more = {"signal": DURATION} if metric else {}
    collector = opened([slo("all", **more), slo("other", "other")])
    assert [-1, -1] == collector.observe(["all", "other"], [ALL], now).since.tolist()
    send_points(collector, otlp.points(up=True), now + 7.5)
    assert [int(now) + 7, -1] == collector.observe(["all", "other"], [ALL], now).since.tolist()
    if metric:
        send_points(collector, otlp.points(histogram(now - 20, now, 1), histogram(0, now, 1, route="/b")), now + 8)
    else:
        send_spans(collector, otlp.spans(span(now, 20.0), span(now, 0.1)), now + 8)
    collector.close()
    collector = opened([slo("all", **more)], now + 9)

    assert [int(now) - 20] == collector.observe(["all"], [ALL], now).since.tolist()
    assert [now + 8] == collector.observe(["all"], [ALL], now).heard.tolist()


def test_an_event_without_end_does_not_make_an_slo_old(opened, otlp, span, slo, now):
    """An event that took days shows its SLO to be observed for its last hour only."""
    collector = opened([slo("all")])
    send_spans(collector, otlp.spans(span(now, 3.0 * DAY)), now)

    assert [int(now) - HOUR] == collector.observe(["all"], [ALL], now).since.tolist()


def test_an_unknown_slo_is_never_heard(opened, now):
    """An SLO that is not known has zeroes, was never heard, and is not silent."""
    seen = opened().observe(["nobody"], [ALL, Window(HOUR)], now)

    assert not seen.total.any()
    assert [-1] == seen.since.tolist()
    assert seen.heard[0] != seen.heard[0]
    assert not seen.silent[0]


@pytest.mark.parametrize("bound", ["MOST_SERIES", "MOST_OF_A_SERVICE"])
def test_bounds_on_series_never_change_a_count(opened, otlp, span, slo, now, monkeypatch, bound):
    """Attribute sets that find no room in the dictionary are counted all the same, and the overflow is told."""
    monkeypatch.setattr(series_module, bound, 5)
    collector = opened([slo("all"), slo("quick", threshold="0.25")])
    for _ in range(2):
        spans = (span(now, route=f"/{index}", status=500 if index % 10 == 0 else 200) for index in range(100))
        send_spans(collector, otlp.spans(*spans), now)

    assert (180, 200) == count(collector, "all", now)
    assert (180, 180) == count(collector, "quick", now)
    assert collector.sizes()["fournines_series"][1] == 5
    assert collector.series_overflows["payments"] > 100


def test_rows_spread_over_time_and_kinds_are_all_counted(opened, otlp, span, slo, now):
    """A body with many attribute sets over many buckets is counted to the last row."""
    collector = opened([slo("all"), slo("quick", threshold="0.25"), slo("called", span_kind=SpanKind.CLIENT)])
    spans = [
        span(now - index * 37, 0.01 * (index % 50), (200, 404, 500)[index % 3], f"/{index % 11}", (2, 3)[index % 2])
        for index in range(1000)
    ]
    send_spans(collector, otlp.spans(*spans), now)
    served = [one for one in spans if one.kind == 2]
    good = [one for one in served if one.status < 500]
    quick = [one for one in good if round(one.seconds * 1e9) <= 250_000_000]

    assert (len(good), len(served)) == count(collector, "all", now)
    assert (len(quick), len(good)) == count(collector, "quick", now)
    assert 1000 - len(served) == count(collector, "called", now)[1]


def test_decoders_get_what_slos_ask_for(opened, slo, decoders, now):
    """Decoders are told the attributes that some SLO needs, and no others."""
    asked = []

    def spans(body, wanted, ends=()):
        asked.append(wanted)
        return decoders.spans(body, wanted, ends)

    opened([slo("all")], decoders=replace(decoders, spans=spans)).accept(Signal.TRACES, b"", now).result()

    assert [Wanted(slo("all").sli.keys, frozenset({HTTP_SERVER_DURATION, *WORK, HEARTBEAT}))] == asked


def test_what_callers_saw_is_counted_for_the_one_who_promised(opened, otlp, span, slo, now):
    """An SLO of kind CLIENT counts its caller's spans, not those its own service sends, and is silent when its caller is."""
    collector = opened([slo("seen", "gateway", span_kind=SpanKind.CLIENT, provider="payments", no_data=NoData.BAD)])
    for status in (200, 503):
        send_spans(collector, otlp.spans(span(now, kind=3, status=status), service="gateway"), now)
    send_spans(collector, otlp.spans(span(now, kind=3), service="payments"), now)
    send_points(collector, otlp.points(service="gateway", up=True, at=now + 10), now + 10)
    for passed in range(11, 91):
        send_points(collector, otlp.points(service="payments", up=True, at=now + passed), now + passed)
        collector.tick(now + passed)
    seen = collector.observe(["seen"], [ALL], now + 90)

    assert (1, now + 10, True) == (int(seen.good[0, 0]), float(seen.heard[0]), bool(seen.silent[0]))
    assert 2 == int(seen.total[0, 0] - seen.estimated[0, 0]) < int(seen.total[0, 0])


def test_milliseconds_are_told_from_seconds(opened, otlp, histogram, slo, now):
    """A histogram of unit `ms` has its boundaries brought to seconds, so that a threshold of 0.25 s is its boundary 250."""
    collector = opened([slo("quick", threshold="0.25", signal="http.server.duration")])
    request = ExportMetricsServiceRequest.FromString(
        otlp.points(histogram(now - 5, now, 10, quick=7), name="http.server.duration")
    )
    metric = request.resource_metrics[0].scope_metrics[0].metrics[0]
    metric.unit, metric.histogram.data_points[0].explicit_bounds[:] = "ms", [100, 250, 500]
    send_points(collector, request.SerializeToString(), now)

    assert (7, 10) == count(collector, "quick", now)
    assert {} == collector.off_boundary


def test_a_cumulative_stream_stays_the_same_when_slos_look_at_more_of_it(opened, otlp, histogram, slo, now):
    """An SLO that names another attribute does not make old streams new ones: what was counted is not counted again."""
    everything = slo("all", signal=DURATION)
    collector = opened([everything])
    send_points(collector, otlp.points(histogram(now, now + 5, 100), cumulative=True), now + 5)
    gets = slo("gets", signal=DURATION, where=(Condition.parse("http.request.method == GET"),))
    collector.declare((everything, gets), now + 6)
    send_points(collector, otlp.points(histogram(now, now + 10, 130), cumulative=True), now + 10)

    assert (130, 130) == count(collector, "all", now + 20)
    assert (30, 30) == count(collector, "gets", now + 20)


@pytest.mark.parametrize("restart", [False, True])
def test_a_series_that_begins_in_a_process_older_than_the_ledger_counts_from_its_first_event(
    opened, otlp, histogram, slo, now, restart
):
    """Many SDKs date every stream from their process's start: the first failures of an old process are failures all the same."""
    slos, born = [slo("all", signal=DURATION)], now - 2 * HOUR
    collector = opened(slos)
    for later, total in ((60, 50_000), (120, 51_000)):
        body = otlp.points(histogram(born, now + later, total), cumulative=True)
        send_points(collector, body, now + later)
    if restart:
        collector.close()
        collector = opened(slos, now + 130)
    points = (histogram(born, now + 180, 51_200), histogram(born, now + 180, 800, status=500))
    send_points(collector, otlp.points(*points, cumulative=True), now + 180)

    assert (1_200, 2_000) == count(collector, "all", now + 190)


def test_the_first_export_of_an_old_process_brings_no_past_along(opened, otlp, histogram, slo, now):
    """All series of a first export are baselines, however many there are and whatever was heard of other metrics before."""
    collector = opened([slo("all", signal=DURATION)])
    send_points(collector, otlp.points(up=True, at=now + 1), now + 1)
    points = (histogram(now - HOUR, now + 60, 50_000), histogram(now - HOUR, now + 60, 800, status=500))
    send_points(collector, otlp.points(*points, cumulative=True), now + 60)

    assert (0, 0) == count(collector, "all", now + 70)


def test_a_stream_is_the_one_it_says_it_is(opened, otlp, histogram, slo, now):
    """Points that end before they start, as a clock put back makes them, are not of a stream that begins as they end."""
    collector = opened([slo("all", signal=HTTP_SERVER_DURATION)])

    def send(*points):
        body = otlp.points(*(histogram(*point) for point in points), cumulative=True)
        collector.accept(Signal.METRICS, body, max(point[1] for point in points)).result()
        return collector.totals()["all"][1]

    collector.accept(Signal.METRICS, otlp.points(up=True), now).result()

    assert 1 == send((now + 25, now + 26.5, 1), (now + 25, now + 26, 0))
    assert 1 == send((now + 25, now + 9, 1))
    assert 25 == send((now + 9, now + 10, 24))
    assert 49 == send((now + 9, now + 11, 48))
