"""The remote write receiver: what it answers, and that the answer is true."""

from __future__ import annotations

import asyncio
import math

import cramjam
import pytest

from fournines.collector import Access
from fournines.collector.prometheus.messages import Label, WriteRequest, WriteRequest2
from fournines.collector.prometheus.remote_write import MOST_BYTES
from fournines.collector.prometheus.write_app import version_of
from fournines.collector.prometheus.write_request import Version

METRIC = "http.server.request.duration"
SAMPLES, HISTOGRAMS, EXEMPLARS = (
    f"x-prometheus-remote-write-{kind}-written" for kind in ("samples", "histograms", "exemplars")
)


def raw(make, pairs, value=1.0, time=1_790_000_000_000):
    """A request of 1.0 with labels just as given."""
    request = WriteRequest()
    series = request.timeseries.add(labels=[Label(name=k, value=v).SerializeToString() for k, v in pairs])
    series.samples.add(value=value, timestamp=time)
    return make.packed(request)


@pytest.mark.parametrize("version", [1, 2])
def test_all_taken_is_204_with_counts_and_no_body(version, desk, make, clock):
    """Samples nobody asks for are taken as well as others."""
    body, headers = (make.one, make.headers_one) if version == 1 else (make.two, make.headers_two)

    answer = desk().post(body(make.series("up", (1, clock.now)), make.series("go_goroutines", (7, clock.now))), headers)

    assert (204, b"") == (answer.status_code, answer.content)
    assert ("2", "0", "0") == tuple(answer.headers[name] for name in (SAMPLES, HISTOGRAMS, EXEMPLARS))


@pytest.mark.parametrize(
    ("content_type", "version"),
    [
        ("application/x-protobuf", Version.ONE),
        ("Application/X-Protobuf; proto=prometheus.WriteRequest", Version.ONE),
        ('application/x-protobuf;proto="io.prometheus.write.v2.Request"', Version.TWO),
        ("application/x-protobuf;proto=io.prometheus.write.v3.Request", None),
        ("application/json", None),
        ("image/png", None),
        ("", None),
    ],
)
def test_the_content_type_says_the_version(content_type, version):
    """No message named is 1.0; what is not known is no remote write."""
    assert version is version_of(content_type)


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 405),
        ("POST", {"content-type": "application/json"}, 415),
        ("POST", {"content-type": "application/x-protobuf;proto=something.Else"}, 415),
        ("POST", {"content-encoding": "gzip"}, 415),
        ("POST", {"content-encoding": ""}, 415),
    ],
)
def test_what_is_no_remote_write_is_told_so_with_counts_of_nothing(method, headers, status, desk, make, clock):
    """405 and 415, where others say 204."""
    body = make.one(make.series("up", (1, clock.now)))

    answer = desk().post(body, make.headers_one | headers, method)

    assert (status, "0") == (answer.status_code, answer.headers[SAMPLES])
    assert answer.text


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer a token of ours", 204),
        ("bearer  a token of ours", 204),
        ("Bearer another one", 401),
        ("Basic eDp5", 401),
        ("", 401),
    ],
)
def test_where_tokens_are_configured_one_is_asked_for(authorization, status, desk, make, clock):
    """401 with the way out and counts of nothing, before the body is read; one of the tokens lets in, as it does for OTLP."""
    one = desk(access=Access(["a token of ours"]))
    body = make.one(make.series("up", (1, clock.now))) if status == 204 else b"nothing anybody reads"
    answer = one.post(body, make.headers_one | {"authorization": authorization})

    assert (status, "1" if status == 204 else "0") == (answer.status_code, answer.headers[SAMPLES])
    assert ("Bearer" if status == 401 else None) == answer.headers.get("www-authenticate")
    answered = one.collector.counters.registry.get_sample_value(
        "fournines_remote_write_requests_total", {"code": str(status)}
    )
    assert 1 == answered


@pytest.mark.parametrize(
    "body", [b"", b"\x05abc", b"\xff" * 30, b"\x03\x08abc", b"\xff\xff\x03" + b"a" * 100], ids=range(5)
)
@pytest.mark.parametrize("version", [1, 2])
def test_what_can_not_be_read_is_400(body, version, desk, make):
    """No snappy, no sound snappy, no protobuf."""
    answer = desk().post(body, make.headers_one if version == 1 else make.headers_two)

    assert 400 == answer.status_code


def test_a_bomb_is_refused_before_it_is_inflated(desk, make):
    """Four bytes that promise gigabytes, and a body that is too large as it is."""
    one = desk()

    assert 413 == one.post(b"\xff\xff\xff\xff\x0f").status_code
    assert 413 == one.post(bytes(MOST_BYTES + 1)).status_code


@pytest.mark.parametrize(
    ("pairs", "word"),
    [
        ((("__name__", "a"), ("x", "1"), ("x", "2")), "twice"),
        ((("__name__", "a"), ("z", "1"), ("x", "2")), "not sorted"),
        ((("job", "a"),), "no metric name"),
        ((("__name__", "a"), ("x", "")), "empty value"),
        ((("", "b"), ("__name__", "a")), "without a name"),
        ((("__name__", "a"), ("x.y", "1")), "invalid label name"),
        ((("__name__", "a-b"),), "invalid metric name"),
        ((), "no metric name"),
    ],
)
def test_unsound_labels_are_400_and_cost_only_their_series(pairs, word, desk, make, clock):
    """A sender is never told to send them again, and never told that they were written."""
    answer = desk().post(raw(make, pairs))

    assert (400, "0") == (answer.status_code, answer.headers[SAMPLES])
    assert word in answer.text


def test_2_0_takes_names_of_any_text(desk, make, clock):
    """Dots in names are UTF-8, which 2.0 allows; a signal can be named as it is."""
    answer = desk().post(make.two(make.series("http.requests", (1, clock.now), **{"a.b": "c"})), make.headers_two)

    assert 204 == answer.status_code


def test_references_that_lead_nowhere_are_400(desk, make):
    """Odd ones, ones beyond the symbols, and symbols that do not begin with nothing."""
    one = desk()
    for symbols, refs in ((["", "a"], [1]), (["", "a"], [1, 7]), (["a", "b"], [0, 1])):
        request = WriteRequest2(symbols=symbols)
        request.timeseries.add(labels_refs=refs).samples.add(value=1, timestamp=1_790_000_000_000)
        assert 400 == one.post(make.packed(request), make.headers_two).status_code


def test_the_other_version_s_message_is_not_taken_for_an_empty_one(desk, make, clock):
    """A 2.0 body under 1.0's type (and the other way round) has no series that is read."""
    two = make.two(make.series("up", (1, clock.now)))

    answer = desk().post(two, make.headers_one)

    assert ("0", "0") == (answer.headers[SAMPLES], answer.headers[HISTOGRAMS])


def test_refused_samples_are_counted_in_words_and_the_others_are_kept(desk, make, clock, slo):
    """One sample from the future poisons neither its request nor its series."""
    one = desk(slo("orders", signal="orders"))
    send = lambda *samples: one.post(make.one(make.series("orders_total", *samples)))  # noqa: E731
    send((100, clock.now))
    clock.now += 16
    one.flush()
    clock.now += 1

    answer = send((110, clock.now), (10**6, clock.now + 3600), (1, clock.now - 90 * 86400 * 5))

    assert (400, "1") == (answer.status_code, answer.headers[SAMPLES])
    assert "1 from the future" in answer.text
    assert "1 too old" in answer.text
    assert (10, 10) == one.totals("orders")
    clock.now += 15
    assert 204 == send((115, clock.now)).status_code
    assert (15, 15) == one.totals("orders")


def test_order_is_kept_series_by_series(desk, make, clock, slo):
    """The same again is taken, another value at that time or an older sample is refused, and nothing of it counts."""
    one = desk(slo("orders", signal="orders"))
    for value in (100, 110):
        one.write(make.series("orders_total", (value, clock.now)))
        clock.now += 16
        one.flush()
        clock.now += 1
    at = clock.now - 17

    answers = [
        one.post(make.one(make.series("orders_total", sample))) for sample in ((110, at), (111, at), (90, at - 17))
    ]

    assert [204, 400, 400] == [answer.status_code for answer in answers]
    assert "of another value" in answers[1].text
    assert "out of order" in answers[2].text
    assert (10, 10) == one.totals("orders")


def test_a_start_time_lets_a_first_scrape_count_whole(desk, make, clock, slo):
    """2.0 says when a counter began: what began while the collector listened was not counted before."""
    one = desk(slo("orders", signal="orders_total"))

    one.post(make.two(make.series("orders_total", (7, clock.now + 30)), start=clock.now + 10), make.headers_two)
    clock.now += 45
    one.flush()

    assert (7, 7) == one.totals("orders")


def native(request, make_series, count, deltas, time):
    """A native histogram of schema 0 whose first bucket is (0.125, 0.25]."""
    series = request.timeseries.add(
        labels=[Label(name=k, value=v).SerializeToString() for k, v in sorted(make_series.labels.items())]
    )
    histogram = series.histograms.add(count_int=count, schema=0, zero_threshold=1e-128, timestamp=round(time * 1000))
    histogram.positive_spans.add(offset=-2, length=len(deltas))
    histogram.positive_deltas.extend(deltas)


def test_native_histograms_are_judged_by_the_buckets_wholly_within(desk, make, clock, slo):
    """The bucket that ends at the threshold is quick, the one above is not."""
    one = desk(slo("quick", signal=METRIC, threshold="0.25"))
    for count, deltas in ((10, (9, -8)), (30, (24, -18))):
        request = WriteRequest()
        native(request, make.series("http_server_request_duration_seconds"), count, deltas, clock.now)
        answer = one.post(make.packed(request))
        assert (204, "0", "1") == (answer.status_code, answer.headers[SAMPLES], answer.headers[HISTOGRAMS])
        clock.now += 16
        one.flush()
        clock.now += 1

    assert (15, 20) == one.totals("quick")


def test_full_waiting_room_is_503_to_come_again(desk, make, clock):
    """Never 429, which Prometheus drops."""
    one = desk(most_waiting=10)
    body = make.one(make.series("up", (1, clock.now)))
    one.writer.hold(9)

    answer = one.post(body)

    assert (503, "5") == (answer.status_code, answer.headers["retry-after"])
    one.writer.release(9)
    assert 204 == one.post(body).status_code


def test_while_the_ledger_can_not_be_written_nothing_is_acknowledged(desk, make, clock, slo, monkeypatch):
    """503, and the same bytes are taken, and told of, afterwards."""
    import sqlite3

    one = desk(slo("orders", signal="orders"))

    def fail(*_):
        raise sqlite3.OperationalError("disk full")

    body = make.one(make.series("orders_total", (5, clock.now)))
    with monkeypatch.context() as patch:
        patch.setattr(one.assembly, "write", fail)
        refused = one.post(body)
    taken = one.post(body)

    assert (503, 204) == (refused.status_code, taken.status_code)
    assert 1 == len(one.assembly)
    assert 1 == one.collector.counters.registry.get_sample_value(
        "fournines_remote_write_samples_total", {"seen": "taken"}
    )


def test_a_target_that_is_up_is_heard_and_one_that_is_down_is_not(desk, make, clock, slo):
    """Prometheus goes on sending `up` for a dead target; that is no sign of life."""
    one = desk(slo("orders", signal="orders", service="payments"))
    for _ in range(3):
        one.write(make.series("up", (1, clock.now)))
        clock.now += 15
        one.collector.tick(clock.now)
    for _ in range(8):
        one.write(make.series("up", (0, clock.now)), make.series("scrape_duration_seconds", (0, clock.now)))
        clock.now += 15
        one.collector.tick(clock.now)

    silent = one.collector.observe(["orders"], [slo("x").window], clock.now).silent

    assert [True] == list(silent)


def test_other_jobs_do_not_become_services(desk, make, clock):
    """Node exporters and the like bring no automatic SLO."""
    one = desk()

    one.write(
        make.series("up", (1, clock.now), job="node"), make.series("node_load1", (math.pi, clock.now), job="node")
    )

    assert () == one.collector.slos


def test_a_job_with_a_slash_is_namespace_and_service(desk, make, clock):
    """As OpenTelemetry's exporters write them; the service gets its automatic SLOs."""
    one = desk()
    one.write(
        *[
            part._replace(labels=dict(part.labels) | {"job": "shop/payments"})
            for part in make.histogram(clock.now, 1, 0)
        ]
    )
    clock.now += 16
    one.flush()

    assert {"payments-availability", "payments-latency"} == {slo.name for slo in one.collector.slos}


def test_what_waits_is_given_up_by_itself(desk, make, clock, slo):
    """The receiver's own task flushes while it runs, and ends when told."""
    one = desk(slo("orders", signal="orders"))

    async def run():
        one.write_count = len(one.assembly)
        await one.writer.start()
        await asyncio.sleep(0)
        await one.writer.stop()

    asyncio.run(run())


@pytest.mark.parametrize("nothing", [b"\x0a\x00", b"\x0a\x04\x12\x02\x10\x01"], ids=["series", "samples"])
def test_a_request_of_millions_of_nothing_is_refused(nothing, desk, make):
    """What takes much more memory and time than its bytes is refused before it takes them."""
    answer = desk().post(bytes(cramjam.snappy.compress_raw(nothing * 250_000)), make.headers_one)

    assert 400 == answer.status_code
    assert "200,000" in answer.text


def test_bodies_that_are_read_take_room(desk, make, clock):
    """A body takes room while it is read: who finds none is asked to come again, and what is read to its end gives it back."""
    body, asking = make.one(make.series("up", (1, clock.now))), desk(most_waiting=100_000)
    asking.writer.hold(99_999)

    assert 503 == asking.post(body, make.headers_one).status_code

    asking.writer.release(99_999)
    assert 204 == asking.post(body, make.headers_one).status_code
    assert 0 == asking.writer._room.bytes


@pytest.mark.parametrize("place", ["_read", "_count"])
def test_a_fault_of_our_own_is_counted_once_wherever_it_happens(place, desk, make, clock, monkeypatch):
    """Before the writer has it or on the writer's thread: the answer is 500, and one fault is one in the metric."""
    opened = desk()

    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr(opened.writer, place, broken)

    assert 500 == opened.write(make.series("up", (1, clock.now)))
    assert 1 == opened.collector.counters.internal_errors._value.get()
