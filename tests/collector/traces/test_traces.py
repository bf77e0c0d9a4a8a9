"""Kept traces: failed, slow and a few ordinary ones, whole, without secrets, within bounds, and never in the way of counting."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import numpy as np
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry

from fournines.collector import Collector, Ledger, Signal, Source, Wanted
from fournines.collector.books.taps import Arrival, Piece
from fournines.collector.traces import backlog as backlog_module
from fournines.collector.traces.choice import Quotas, TraceState
from fournines.collector.traces.ring import size_of
from fournines.collector.traces.store import Retention
from fournines.collector.traces.traces import Traces
from fournines.slo import CLASSIFYING_KEYS

NOW = 1_790_000_000.0
WANTED = Wanted(CLASSIFYING_KEYS, frozenset())


def trace_id(number):
    """The same for the same number, and never chosen for its id."""
    return (number + 1).to_bytes(8, "big") + b"\xff" * 8


def fill(
    span, trace, span_id, parent=0, status=200, route="/pay", kind=2, start=NOW, seconds=0.01, name="", **attributes
):
    """One span."""
    span.trace_id, span.span_id, span.kind = (
        trace_id(trace) if isinstance(trace, int) else trace,
        span_id.to_bytes(8, "big"),
        kind,
    )
    span.parent_span_id = parent.to_bytes(8, "big") if parent else b""
    span.name = name or f"GET {route}"
    span.start_time_unix_nano, span.end_time_unix_nano = round(start * 1e9), round((start + seconds) * 1e9)
    if route:
        span.attributes.add(key="http.route").value.string_value = route
    if status:
        span.attributes.add(key="http.response.status_code").value.int_value = status
    for key, value in attributes.items():
        span.attributes.add(key=key).value.string_value = value


def spans(*some, service="payments"):
    """An export."""
    request = ExportTraceServiceRequest()
    of = request.resource_spans.add()
    of.resource.attributes.add(key="service.name").value.string_value = service
    scope = of.scope_spans.add()
    for one in some:
        fill(scope.spans.add(), **one)
    return request.SerializeToString()


def logs(*records, service="payments"):
    """An export of log records: (trace, text) each."""
    request = ExportLogsServiceRequest()
    of = request.resource_logs.add()
    of.resource.attributes.add(key="service.name").value.string_value = service
    for trace, text in records:
        record = of.scope_logs.add().log_records.add(
            trace_id=trace_id(trace), severity_number=17, time_unix_nano=round(NOW * 1e9)
        )
        record.body.string_value = text
    return request.SerializeToString()


NO_SLOS = SimpleNamespace(catalogue=SimpleNamespace(version=1, slos=()))
"""A registry without SLOs."""


def arrival(signal, body, columns, received):
    """A request by itself."""
    piece = Piece(len(body), len(columns.resource), received)
    return Arrival(signal, Source.OTLP, body, columns, received, (piece,))


class Keeper:
    """Traces that are kept, fed without a ledger."""

    def __init__(self, folder, decoders, **more):
        self.decoders = decoders
        self.registry = CollectorRegistry()
        self.traces = Traces(folder, self.registry, **more)

    def take(self, body, signal=Signal.TRACES, received=NOW):
        columns = self.decoders.decode(signal, body, WANTED)
        self.traces.stage(arrival(signal, body, columns, received), NO_SLOS)
        self.traces.keep()

    def get(self, number):
        assert self.traces.settle()
        return self.traces.get(trace_id(number).hex())

    def find(self, now=NOW, **more):
        assert self.traces.settle()
        return self.traces.find(now, **more)

    def dropped(self, reason):
        return self.registry.get_sample_value("fournines_traces_dropped_total", {"reason": reason}) or 0


@pytest.fixture
def opened(tmp_path, decoders):
    """Opens keepers on one folder, one at a time."""
    open_ones: list[Keeper] = []

    def open_one(**more):
        while open_ones:
            open_ones.pop().traces.close()
        open_ones.append(Keeper(tmp_path, decoders, **more))
        return open_ones[0]

    yield open_one
    for keeper in open_ones:
        keeper.traces.close()


def test_a_failed_trace_is_kept_with_all_its_spans(opened):
    """The spans that came before the failure, with it and after it, from every service; those of other traces are not."""
    keeper = opened()
    keeper.take(spans({"trace": 1, "span_id": 4, "parent": 2, "route": "", "kind": 1}, {"trace": 2, "span_id": 9}))
    keeper.take(spans({"trace": 1, "span_id": 3, "parent": 2, "status": 503, "kind": 2}, service="users"))
    keeper.take(spans({"trace": 1, "span_id": 2}, {"trace": 3, "span_id": 8}))
    view = keeper.get(1)

    assert [(2, 0), (3, 1), (4, 1)] == sorted((int(span["span_id"], 16), span["depth"]) for span in view["spans"])
    assert ("failed", "users", "/pay") == (view["state"], view["service"], view["route"])
    assert keeper.get(2) is None
    assert keeper.get(3) is None


def test_the_waterfall_has_parents_before_children(opened):
    """Depth first, by start; orphans stand at the top; parents in a circle end nowhere but are shown."""
    keeper = opened()
    keeper.take(
        spans(
            {"trace": 1, "span_id": 5, "parent": 2, "start": NOW + 0.3},
            {"trace": 1, "span_id": 3, "parent": 2, "start": NOW + 0.1, "status": 500},
            {"trace": 1, "span_id": 4, "parent": 3, "start": NOW + 0.2},
            {"trace": 1, "span_id": 2, "start": NOW, "seconds": 1},
            {"trace": 1, "span_id": 7, "parent": 99, "start": NOW + 0.5},
            {"trace": 1, "span_id": 10, "parent": 11},
            {"trace": 1, "span_id": 11, "parent": 10},
        )
    )
    shown = [(int(span["span_id"], 16), span["depth"]) for span in keeper.get(1)["spans"]]

    assert [(2, 0), (3, 1), (4, 2), (5, 1), (7, 0)] == shown[:5]
    assert {10, 11} == {number for number, _ in shown[5:]}


@pytest.mark.parametrize(
    ("span", "kept"),
    [
        ({"status": 500}, True),
        ({"status": 429}, False),
        ({"status": 404}, False),
        ({"status": 0, "error.type": "timeout"}, True),
        ({"status": 500, "route": "/healthz"}, False),
        ({"status": 500, "kind": 3}, True),
        ({"status": 0, "error.type": "x", "kind": 1}, False),
        ({"status": 200}, False),
    ],
)
def test_what_failed_is_what_classification_says(opened, span, kept):
    """Failures of servers and clients, but neither throttled nor operational requests, nor inner spans alone."""
    keeper = opened()
    keeper.take(spans({"trace": 1, "span_id": 1} | span))

    assert kept is (keeper.get(1) is not None)


def test_slow_is_beyond_the_threshold_of_the_service_s_slo(tmp_path, slo, now, decoders):
    """A duration above the smallest threshold is slow, one equal to it is not: through a whole collector, automatic SLOs included."""
    ledger, traces = Ledger(tmp_path / "data", now), Traces(tmp_path / "data", CollectorRegistry())
    collector = Collector(ledger, [slo("quick", threshold="0.1", service="users")], now, decoders, taps=(traces,))
    collector.accept(Signal.TRACES, spans({"trace": 0, "span_id": 1, "start": now - 5}), now).result()
    for service, number, seconds in (
        ("users", 1, 0.1),
        ("users", 2, 0.100001),
        ("payments", 3, 0.25),
        ("payments", 4, 0.26),
    ):
        body = spans({"trace": number, "span_id": 1, "start": now - 1, "seconds": seconds}, service=service)
        collector.accept(Signal.TRACES, body, now).result()
    assert traces.settle()
    found = traces.find(now)
    collector.close()
    traces.close()

    assert {(trace_id(2).hex(), "slow"), (trace_id(4).hex(), "slow")} == {
        (one["trace_id"], one["state"]) for one in found
    }


def test_ordinary_traces_are_chosen_by_their_id(opened):
    """About the share asked for, the same ones wherever they are seen."""
    keeper = opened(share=0.25, quotas=lambda: Quotas(dict.fromkeys(TraceState, 10_000)))
    rng = np.random.default_rng(1)
    ids = [rng.bytes(16) for _ in range(1_000)]
    keeper.take(spans(*({"trace": one, "span_id": n + 1} for n, one in enumerate(ids))))
    found = keeper.find(limit=1_000)
    again = opened(share=0.25)
    again.take(spans(*({"trace": one, "span_id": n + 1} for n, one in enumerate(ids))))

    assert {"sampled"} == {one["state"] for one in found}
    assert 180 < len(found) < 320
    assert {one["trace_id"] for one in again.find(limit=1_000)} == {one["trace_id"] for one in found}


def test_a_burning_route_pushes_nobody_out(opened):
    """Of one route only so many a minute are chosen, and where there is too much the largest group makes room."""
    keeper = opened(bounds=Retention(traces=40))
    keeper.take(spans({"trace": 5_000, "span_id": 1, "status": 500, "route": "/quiet"}))
    for minute in range(5):
        for batch in range(4):
            first = 1_000 * minute + 200 * batch
            some = ({"trace": first + n, "span_id": 1, "status": 500, "route": "/burning"} for n in range(200))
            keeper.take(spans(*some), received=NOW + 60 * minute)
    found = keeper.find(limit=1_000)

    assert 40 == len(found)
    assert 39 == sum(one["route"] == "/burning" for one in found)
    assert keeper.get(5_000) is not None
    assert 10 * 5 + 1 == keeper.registry.get_sample_value("fournines_traces_kept_total", {"state": "failed"})


def test_the_bounds_of_bytes_spans_and_age_hold(opened, tmp_path):
    """No more bytes than allowed, no more spans of one trace than there is room for, nothing older than is kept; all counted."""
    keeper = opened(bounds=Retention(bytes=200_000, seconds=3_600))
    keeper.take(spans(*({"trace": 1, "span_id": n + 1, "status": 500} for n in range(2_100))))
    assert keeper.get(1)["state"] == "failed"
    few = len(keeper.get(1)["spans"])
    for number in range(2, 60):
        keeper.take(spans({"trace": number, "span_id": 1, "status": 500, "route": f"/{number}", "pad": "x" * 9_000}))
    assert keeper.traces.settle()
    size = keeper.registry.get_sample_value("fournines_traces_bytes")
    keeper.take(spans({"trace": 99, "span_id": 1, "status": 500}), received=NOW + 4_000)

    assert 25_000 > few * 50
    assert 2_100 - few == keeper.dropped("trace_full")
    assert 100_000 < size <= 200_000
    assert 1 == len(keeper.find(limit=100, now=NOW))
    assert [] == keeper.find(limit=100, now=NOW + 3_601)


def test_logs_of_a_kept_trace_are_kept_before_and_after_it(opened):
    """Records that carry its id, whichever came first; others are not, and one that comes twice is kept once."""
    keeper = opened()
    keeper.take(logs((1, "before"), (2, "of another")), Signal.LOGS)
    keeper.take(spans({"trace": 1, "span_id": 1, "status": 500}))
    keeper.take(logs((1, "after"), (1, "password=hunter2")), Signal.LOGS)
    keeper.take(logs((1, "after")), Signal.LOGS)

    assert ["REDACTED", "after", "before"] == sorted(
        log["body"].removeprefix("password=") for log in keeper.get(1)["logs"]
    )
    assert keeper.get(2) is None


def test_no_secret_is_stored(opened, tmp_path):
    """Neither card numbers nor passwords reach the file, wherever they stood: attributes, names, routes, resources, logs."""
    keeper = opened()
    request = ExportTraceServiceRequest.FromString(
        spans(
            {
                "trace": 1,
                "span_id": 1,
                "status": 500,
                "route": "/c/4111111111111111",
                "password": "hunter2",
                "note": "4111-1111-1111-1111",
            }
        )
    )
    request.resource_spans[0].resource.attributes.add(key="db.url").value.string_value = "postgres://u:hunter2@db"
    request.resource_spans[0].resource.attributes.add(key="api_key").value.string_value = "hunter2"
    keeper.take(request.SerializeToString())
    view = keeper.get(1)
    opened()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("traces.db*"))

    assert "/c/REDACTED" == view["route"]
    assert "REDACTED" == view["spans"][0]["resource"]["api_key"]
    assert b"hunter2" not in raw
    assert b"4111" not in raw


def test_what_is_kept_survives_a_restart(opened):
    """Traces are found again, and spans that come after the restart are added to them."""
    keeper = opened()
    keeper.take(spans({"trace": 1, "span_id": 1, "status": 500}))
    keeper = opened()
    keeper.take(spans({"trace": 1, "span_id": 2, "parent": 1, "kind": 3}))

    assert 2 == len(keeper.get(1)["spans"])
    assert ["failed"] == [one["state"] for one in keeper.find()]


def test_a_span_that_comes_again_is_one_span(opened):
    """A later version of a span takes the place of the earlier; a better reason takes the place of a lesser."""
    keeper = opened(share=1.0)
    keeper.take(spans({"trace": 1, "span_id": 1, "name": "first"}))
    assert "sampled" == keeper.get(1)["state"]
    keeper.take(spans({"trace": 1, "span_id": 1, "status": 500, "name": "second"}))

    assert ["second"] == [span["name"] for span in keeper.get(1)["spans"]]
    assert "failed" == keeper.get(1)["state"]
    assert [("failed", "500", "second")] == [(one["state"], one["status_code"], one["name"]) for one in keeper.find()]


def test_traces_are_found_by_service_route_and_state(opened):
    """The newest first; a service that has no part in a failure is not accused of it."""
    keeper = opened()
    for number, service, route, status in (
        (1, "users", "/a", 500),
        (2, "users", "/b", 502),
        (3, "payments", "/a", 500),
    ):
        keeper.take(
            spans(
                {"trace": number, "span_id": 1, "route": route, "status": status, "start": NOW + number},
                service=service,
            )
        )
    found = lambda **by: [int(one["trace_id"][:16], 16) - 1 for one in keeper.find(**by)]  # noqa: E731

    assert [3, 2, 1] == found()
    assert [2, 1] == found(service="users")
    assert [3, 1] == found(route="/a")
    assert [1] == found(service="users", route="/a", state="failed")
    assert [] == found(state="slow")
    assert [3] == found(limit=1)
    with pytest.raises(ValueError, match="a state is"):
        keeper.find(state="odd")
    with pytest.raises(ValueError, match="32 hexadecimal"):
        keeper.traces.get("ab")


def test_what_was_not_committed_is_not_kept(opened, decoders):
    """A request that the ledger refused comes again; until then nothing of it is kept."""
    keeper = opened()
    body = spans({"trace": 1, "span_id": 1, "status": 500})
    columns = decoders.decode(Signal.TRACES, body, WANTED)
    keeper.traces.stage(arrival(Signal.TRACES, body, columns, NOW), NO_SLOS)
    assert keeper.traces.changed
    keeper.traces.forget()
    keeper.traces.keep()

    assert keeper.get(1) is None


def test_what_waits_is_bounded_by_what_it_holds(opened, monkeypatch):
    """What was not looked at yet is bounded with its columns, what is beyond is dropped and counted; then there is room again."""
    monkeypatch.setattr(backlog_module, "MOST_WAITING", 3_000)
    monkeypatch.setattr(backlog_module, "LARGEST_WAITING", 4_000)
    keeper = opened()
    empty = logs(*[(number, "") for number in range(20)])
    columns = keeper.decoders.decode(Signal.LOGS, empty, WANTED)
    assert len(empty) < 1_000 < 3_000 < size_of(empty, columns) < 4_000
    for times in range(1, 4):  # alone, one may be larger; staged, none waits behind it
        keeper.traces.stage(arrival(Signal.LOGS, empty, columns, NOW), NO_SLOS)
        assert max(0, times - 1) == keeper.traces._unseen
    keeper.traces.forget()
    assert 0 == keeper.dropped("busy")
    keeper.take(empty, Signal.LOGS)
    assert keeper.traces.settle()
    keeper.take(logs(*[(number, "") for number in range(40)]), Signal.LOGS)
    assert 1 == keeper.dropped("busy")
    keeper.take(empty, Signal.LOGS)
    assert keeper.traces.settle()

    assert 1 == keeper.dropped("busy")
    assert 0 == keeper.traces._backlog.size


def test_a_damaged_file_is_set_aside(tmp_path, decoders, caplog):
    """Evidence that can't be read stops no start: the file is kept under another name, and a new one begun."""
    (tmp_path / "traces.db").write_bytes(b"no database" * 1_000)
    keeper = Keeper(tmp_path, decoders)
    keeper.take(spans({"trace": 1, "span_id": 1, "status": 500}))
    kept = keeper.get(1)
    keeper.traces.close()

    assert kept is not None
    assert (tmp_path / "traces.db.damaged").read_bytes().startswith(b"no database")
    assert "set aside" in caplog.text


def test_a_disk_that_fails_costs_traces_and_nothing_else(opened, monkeypatch, caplog):
    """What can't be stored is dropped, counted and told once; as soon as it can be, traces are kept again."""
    keeper = opened()
    assert keeper.traces.settle()

    def full():
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(keeper.traces._store, "begin", full)
    for number in range(3):
        keeper.take(spans({"trace": number, "span_id": 1, "status": 500}))
        assert keeper.traces.settle()
    monkeypatch.undo()
    keeper.take(spans({"trace": 7, "span_id": 1, "status": 500}))

    assert keeper.get(7) is not None
    assert keeper.get(1) is None
    assert 3 == keeper.dropped("disk")
    assert 1 == caplog.text.count("traces are not kept now")


def test_a_trace_that_turned_out_worse_makes_room_as_what_it_is(opened):
    """Chosen as ordinary and failed later, it counts among the failed ones when room is made, and is let go once."""
    keeper = opened(share=1.0, bounds=Retention(traces=5), quotas=lambda: Quotas(dict.fromkeys(TraceState, 100)))
    for number in range(20):
        keeper.take(spans({"trace": number, "span_id": 1}))
        keeper.take(spans({"trace": number, "span_id": 1, "status": 500}))
    found = keeper.find()

    assert [19, 18, 17, 16, 15] == sorted((int(one["trace_id"][:16], 16) - 1 for one in found), reverse=True)
    assert 0 == keeper.dropped("fault")
    assert 5 == keeper.registry.get_sample_value("fournines_traces")


def test_pages_of_traces_are_all_of_them(opened):
    """Behind the start and the id of the last one the next ones come, also where many began at the same time."""
    keeper = opened()
    for route in ("/a", "/b"):
        some = ({"trace": n + 1, "span_id": n + 1, "status": 500, "route": route} for n in range(3))
        keeper.take(spans(*some))
    whole = keeper.find(limit=100)
    found, before = [], None
    while page := keeper.find(limit=2, before=before):
        found += page
        before = page[-1]["start"], page[-1]["trace_id"]

    assert 3 == len(whole)
    assert whole == found
