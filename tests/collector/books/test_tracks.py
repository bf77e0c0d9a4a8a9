"""Spans counted by track: whatever is put down before its commit, begun anew or spread over buckets counts once, and at its time."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector import Signal
from fournines.collector.books import tracks
from fournines.collector.books.taps import Piece
from fournines.collector.counting import spans as count_spans_module
from fournines.collector.counting.spans import count_spans
from fournines.collector.registry import series, services
from fournines.slo import DAY, Interval, SpanKind, Window

ALL = Window(30 * DAY)
UNSEEN = 2**62


def totals(collector, name, now):
    seen = collector.observe([name], [Window(30 * DAY)], now)
    return int(seen.good[0, 0]), int(seen.total[0, 0])


def send(collector, body, now):
    return collector.accept(Signal.TRACES, body, now).result()


@pytest.mark.parametrize("seconds", [1, 60, 400], ids=["one bucket", "six buckets", "forty buckets"])
@pytest.mark.parametrize(("most_tracks", "most_blocks"), [(10_000, 64), (1, 64), (10_000, 1)])
def test_bounds_lose_nothing(opened, otlp, span, slo, now, monkeypatch, seconds, most_tracks, most_blocks):
    """Counts, buckets and contributors are the same however few tracks and buckets are held at once."""
    monkeypatch.setattr(tracks, "MOST_TRACKS", most_tracks)
    monkeypatch.setattr(tracks, "MOST_BLOCKS", most_blocks)
    collector = opened([slo("all"), slo("quick", threshold="0.25")])
    for request in range(3):
        spans = [
            span(now - number * seconds / 40, seconds=0.3 if number % 4 else 0.25, status=500 if number % 10 == 9 else 200,
                 route=f"/{request}/{number % 7}", kind=2 if number % 2 else 3)
            for number in range(40)
        ]  # fmt: skip
        send(collector, otlp.spans(*spans), now)

    served = [number for number in range(40) if number % 2]
    bad = sum(number % 10 == 9 for number in served)
    assert (3 * (len(served) - bad), 3 * len(served)) == totals(collector, "all", now)
    # Those with an odd number took 0.3 s, and what failed has no latency.
    assert (0, 3 * (len(served) - bad)) == totals(collector, "quick", now)
    points = collector.history("all", Interval(int(now) // 10 * 10 - 500, int(now) // 10 * 10 + 10), 10)
    expected = {}
    for number in served:
        t = int(now - number * seconds / 40) // 10 * 10
        expected[t] = expected.get(t, 0) + 3
    assert expected == {point.t: point.total for point in points if point.total}
    blamed = collector.contributors("all", Interval(int(now) // 60 * 60 - 600, int(now) // 60 * 60 + 60))
    assert 3 * bad == sum(count for _, count in blamed)
    slow = collector.contributors("quick", Interval(int(now) // 60 * 60 - 600, int(now) // 60 * 60 + 60))
    assert 3 * (len(served) - bad) == sum(count for _, count in slow)


def test_a_bucket_has_room_for_all_tracks_and_not_much_more():
    """It grows when there are more than it has room for, to twice its length or to theirs; what it holds stays, and more is nothing."""
    block, room = tracks._Block(0.0), 64
    quick = block.quick_within(7)
    block.counts[:], block.since[:], quick[:] = 3, 4, 5
    for asked in (0, 64, 65, 65, 128, 129, 1000, 1000, 999):
        block.reserve(asked)
        room = room if asked <= room else max(asked, 2 * room)
        for column, held, nothing in ((block.counts, 3, 0), (block.since, 4, UNSEEN), (block.quick_within(7), 5, 0)):
            assert column.tolist() == [held] * 64 + [nothing] * (room - 64)
    assert block.quick_within(8).tolist() == [0] * room


def test_room_is_made_where_there_is_none(opened, otlp, span, slo, now, decoders, monkeypatch):
    """A request finds fewer buckets and tracks held than there may be; else, and once after a sweep of the series, they begin anew."""
    monkeypatch.setattr(tracks, "MOST_BLOCKS", 3)
    monkeypatch.setattr(tracks, "MOST_TRACKS", 5)
    collector = opened([slo("all")])
    books, held = collector._books, []
    for number, more in enumerate((1, 1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 0, 1, 1)):
        if not more:
            books.series.sweep()
            continue
        body = otlp.spans(*(span(now - 20 * number - 10 * each, route=f"/{number}/{each}") for each in range(more)))
        count_spans(books, decoders.spans(body, books.wanted), (Piece(len(body), more, now),))
        held.append((len(books.tracks._blocks), len(books.tracks._tracks)))
    books.commit()

    assert [
        (1, 1),
        (2, 2),
        (3, 3),
        (1, 4),
        (2, 5),
        (1, 1),
        (2, 2),
        (4, 4),
        (2, 6),
        (1, 1),
        (2, 2),
        (1, 1),
        (2, 2),
    ] == held
    assert (15, 15) == totals(collector, "all", now)


def test_a_bucket_is_held_once_an_hour(opened, otlp, span, slo, now, decoders):
    """Spans of one bucket that come in one hour are held together, whatever request they come in; of another hour, apart."""
    collector = opened([slo("all"), slo("quick", threshold="0.25")])
    books, held = collector._books, []
    hour = now // 3600 * 3600
    for received, seconds in zip(
        (hour + 10, hour + 11, hour + 3599, hour + 3600), (0.01, 0.25, 0.25, 0.26), strict=True
    ):
        body = otlp.spans(span(hour + 5, seconds))
        count_spans(books, decoders.spans(body, books.wanted), (Piece(len(body), 1, received),))
        held.append(len(books.tracks._blocks))
    books.commit()

    assert [1, 1, 1, 2] == held
    assert (4, 4) == totals(collector, "all", now)
    assert (3, 4) == totals(collector, "quick", now)


def test_slos_are_observed_from_their_first_span(opened, otlp, span, slo, now, decoders):
    """That is the second in which the earliest of its own began, whatever request, and whatever place in it, it came in."""
    collector = opened([slo("all"), slo("failed", span_kind=SpanKind.CLIENT), slo("quick", threshold="0.25")])
    books = collector._books
    for seconds in ((3, 5, 4), (2, 3)):
        spans = [span(now, each, kind=2) for each in seconds] + [span(now, 9, kind=3), span(now, 8, 500, kind=2)]
        body = otlp.spans(*spans)
        count_spans(books, decoders.spans(body, books.wanted), (Piece(len(body), len(spans), now),))
    books.commit()
    seen = collector.observe(["all", "failed", "quick"], [ALL], now)

    assert [now - 8, now - 9, now - 5] == seen.since.tolist()


def test_each_is_blamed_for_what_it_did(opened, otlp, span, slo, now, decoders):
    """What failed is on the conscience of an availability SLO, what was slower than its threshold on a latency SLO's; no other is named."""
    slos = [slo("all"), slo("quick", threshold="0.25"), slo("quicker", threshold="0.1")]
    collector = opened(slos)
    books = collector._books
    spans = [span(now, seconds, route=f"/{seconds}") for seconds in (0.05, 0.1, 0.2, 0.3, 0.3)]
    spans.append(span(now, 0.4, 500, route="/failed"))
    for _ in range(2):
        body = otlp.spans(*spans)
        count_spans(books, decoders.spans(body, books.wanted), (Piece(len(body), len(spans), now),))
    books.commit()
    hour = Interval(int(now) // 60 * 60 - 600, int(now) // 60 * 60 + 60)
    told = [{who.route: count for who, count in collector.contributors(each.name, hour)} for each in slos]

    assert [{"/failed": 2}, {"/0.3": 4}, {"/0.2": 2, "/0.3": 4}] == told


def test_what_finds_no_room_is_decided_anew(opened, otlp, span, slo, now, decoders, monkeypatch):
    """Each time that a set of attributes finds no room is counted, though the same set comes again."""
    collector = opened([slo("all")])
    books = collector._books
    monkeypatch.setattr(series, "MOST_SERIES", 0)
    body = otlp.spans(span(now))
    columns = decoders.spans(body, books.wanted)
    for _ in range(3):
        count_spans(books, columns, (Piece(len(body), 1, now),))
    books.commit()

    assert {"payments": 3} == books.series.overflows
    assert (3, 3) == totals(collector, "all", now)


def test_tracks_begin_anew_where_others_judge(opened, otlp, span, slo, now, decoders):
    """What is counted after an SLO was declared counts for it too, though the same resource and attributes come again."""
    collector = opened([slo("all")])
    books = collector._books
    body = otlp.spans(span(now))
    columns = decoders.spans(body, books.wanted)
    for declared in ([slo("all")], [slo("all"), slo("later")]):
        collector.declare(declared, now)
        count_spans(books, columns, (Piece(len(body), 1, now),))
    books.commit()

    assert (2, 2) == totals(collector, "all", now)
    assert (1, 1) == totals(collector, "later", now)


def test_what_is_forgotten_is_not_counted(opened, otlp, span, slo, now, decoders):
    """Spans staged in a transaction that failed are gone, and count once when they come again."""
    collector = opened([slo("all")])
    books = collector._books
    body = otlp.spans(span(now, status=500), span(now))
    columns = decoders.spans(body, books.wanted)
    count_spans(books, columns, (Piece(len(body), len(columns.kind), now),))
    assert books.tracks.changed
    books.forget()
    assert not books.tracks.changed
    send(collector, body, now)

    assert (1, 2) == totals(collector, "all", now)


@pytest.mark.parametrize(("most_tracks", "most_blocks"), [(10_000, 64), (1, 64), (10_000, 1)])
def test_requests_of_one_commit_are_all_counted(
    opened, otlp, span, slo, now, decoders, monkeypatch, most_tracks, most_blocks
):
    """What is put down before its commit, to make room, is committed with the rest."""
    monkeypatch.setattr(tracks, "MOST_TRACKS", most_tracks)
    monkeypatch.setattr(tracks, "MOST_BLOCKS", most_blocks)
    collector = opened([slo("all")])
    books = collector._books
    for request in range(5):
        body = otlp.spans(span(now - 20 * request, route=f"/{request}"), span(now, status=500))
        count_spans(books, decoders.spans(body, books.wanted), (Piece(len(body), 2, now),))
    books.commit()
    seen = collector.observe(["all"], [Window(30 * DAY)], now)

    assert (5, 10) == (int(seen.good[0, 0]), int(seen.total[0, 0]))


def test_a_service_there_is_no_room_for_begins_its_tracks_once(opened, otlp, span, slo, now, monkeypatch):
    """What counts nowhere is no reason to begin the others' tracks anew again and again."""
    monkeypatch.setattr(services, "MOST_SERVICES", 1)
    collector = opened()
    for _ in range(3):
        send(collector, otlp.spans(span(now), span(now, status=500), service="first"), now)
        send(collector, otlp.spans(span(now), span(now, status=500), service="second"), now)

    assert 4 == len(collector._books.tracks._tracks)
    assert (3, 6) == totals(collector, "first-availability", now)


def test_many_tracks_make_few_blocks_long(opened, otlp, span, slo, now, decoders, monkeypatch):
    """Blocks of long ago that are put down after a request of very many tracks take its memory one after the other."""
    collector = opened([slo("all")])
    books = collector._books
    for back in range(30):
        body = otlp.spans(span(now - 10 * back))
        count_spans(books, decoders.spans(body, books.wanted), (Piece(len(body), 1, now),))
    body = otlp.spans(*[span(now, route=f"/{number}") for number in range(3_000)])
    count_spans(books, decoders.spans(body, books.wanted), (Piece(len(body), 3_000, now),))
    held = []
    reserve = tracks._Block.reserve

    def reserved(block, size):
        reserve(block, size)
        held.append(sum(len(each.counts) for each in books.tracks._blocks.values()))

    monkeypatch.setattr(tracks._Block, "reserve", reserved)
    books.commit()

    assert max(held) < 2 * 3_000
    assert (3_030, 3_030) == totals(collector, "all", now)


def test_a_late_or_sampled_span_keeps_none_from_its_track(opened, otlp, span, slo, now, monkeypatch):
    """What has to be booked by itself is, and nothing beside it: one sender's late spans don't slow down everybody's."""
    collector = opened([slo("all")])
    by_themselves = []
    book = count_spans_module._Counting._book_group

    def booked(counting, group):
        by_themselves.append(len(group.rows))
        book(counting, group)

    monkeypatch.setattr(count_spans_module._Counting, "_book_group", booked)
    request = ExportTraceServiceRequest.FromString(otlp.spans(*[span(now)] * 50, span(now - 4_000), span(now)))
    request.resource_spans[0].scope_spans[0].spans[51].trace_state = "ot=th:8"
    send(collector, request.SerializeToString(), now)

    assert [1, 1] == by_themselves
    assert (53, 53) == totals(collector, "all", now)
