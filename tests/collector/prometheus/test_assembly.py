"""Scrapes put together from shards: nothing acknowledged is lost, and no failure is told of that never was."""

from __future__ import annotations

import struct
from itertools import permutations
from random import Random

import cramjam
import pytest

from fournines.collector import Signal
from fournines.collector.prometheus import assembly
from fournines.collector.prometheus.family import Family
from fournines.collector.prometheus.messages import Label, WriteRequest

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
METRIC = "http.server.request.duration"


@pytest.fixture
def slos(slo):
    """Availability, and latency within a boundary, of one service's histograms."""
    return slo("up", signal=METRIC), slo("quick", signal=METRIC, threshold="0.25")


def settled(desk, make, clock, *slos):
    """A collector that knows the histogram: 100 requests are its base."""
    one = desk(*slos)
    assert one.write(*make.histogram(clock.now, 90, 10)) == 204
    clock.now += 15
    one.flush()
    assert one.totals("up") == (0, 0)
    clock.now += 1
    return one


def test_a_first_scrape_is_the_line_that_increases_are_drawn_from(desk, make, clock, slos):
    """What was counted before the collector listened is not counted again."""
    one = settled(desk, make, clock, *slos)

    assert one.write(*make.histogram(clock.now, 190, 15)) == 204

    assert one.totals("up") == (105, 105)
    assert one.totals("quick") == (100, 105)


def test_a_service_that_is_written_and_sends_spans_is_counted_once(desk, make, clock, otlp, span):
    """Remote write is metrics: an automatic SLO counts one signal only, whichever came first."""
    one = desk()
    for number in range(1, 7):
        spans = otlp.spans(*(span(clock.now) for _ in range(3)))
        assert 3 == one.collector.accept(Signal.TRACES, spans, clock.now).result().accepted
        assert one.write(*make.histogram(clock.now, 100 * number, 0)) == 204
        clock.now += 16
        one.flush()
        one.collector.tick(clock.now)

    assert one.totals("payments-availability") == (500, 500)


def test_shards_in_any_order_are_counted_at_once_and_only_when_all_have_come(desk, make, clock, slos):
    """Buckets that come in requests of their own tell of no slow request before the last of them is there."""
    one = settled(desk, make, clock, *slos)
    total = 100
    for order in list(permutations(range(4)))[::5]:
        total += 10
        parts = make.histogram(clock.now, total - 10, 10)[:4]
        for number in order[:-1]:
            assert one.write(parts[number]) == 204
            assert one.totals("up")[1] == total - 110
        assert one.write(parts[order[-1]]) == 204
        assert one.totals("quick") == one.totals("up") == (total - 100, total - 100)
        clock.now += 15


def test_good_and_bad_of_one_scrape_are_counted_together(desk, make, clock, slo):
    """The failures' counter, when it comes first, waits for the others."""
    one = desk(slo("orders", signal="orders_total"))
    ok, bad = (
        make.series("orders_total", (1000, clock.now), http_response_status_code=code) for code in ("200", "500")
    )
    one.write(ok, bad)
    clock.now += 15
    one.flush()
    ok, bad = (
        make.series("orders_total", (value, clock.now), http_response_status_code=code)
        for code, value in (("200", 1099), ("500", 1001))
    )

    assert one.write(bad) == 204
    assert one.totals("orders") == (0, 0)
    assert one.write(ok) == 204
    assert one.totals("orders") == (99, 100)


def test_a_request_that_comes_again_changes_nothing(desk, make, clock, slos):
    """Whole or in part, before the rest has come and after."""
    one = settled(desk, make, clock, *slos)
    parts = make.histogram(clock.now, 190, 10)

    for shard in (parts[:2], parts[:2], parts[2:], parts[2:], parts):
        assert one.write(*shard) == 204

    assert one.totals("quick") == (100, 100)


def test_what_waits_survives_a_restart(desk, make, clock, slos):
    """An acknowledged shard is in the ledger; after a restart the rest completes it."""
    one = settled(desk, make, clock, *slos)
    parts = make.histogram(clock.now, 190, 15)
    assert one.write(*parts[:2]) == 204
    one.collector.close()
    again = desk(*slos)

    assert again.write(*parts[2:]) == 204
    clock.now += 15
    again.flush()

    assert again.totals("up") == (105, 105)
    assert again.totals("quick") == (100, 105)
    assert len(again.assembly) == 0


def test_a_shard_that_never_comes_costs_nothing(desk, make, clock, slos):
    """What is incomplete after the time to wait is left to the next scrape, whose increase holds it."""
    one = settled(desk, make, clock, *slos)
    parts = make.histogram(clock.now, 190, 10)
    one.write(parts[0], *parts[2:])
    clock.now += 16
    one.flush()
    assert one.totals("up") == (0, 0)
    assert one.assembly.dropped == 1

    one.write(*make.histogram(clock.now, 290, 20))

    assert one.totals("quick") == (200, 210)


def test_a_bucket_that_vanishes_makes_no_request_slow(desk, make, clock, slos):
    """A boundary that is not sent any more is missed twice, then the next one below judges."""
    one = settled(desk, make, clock, *slos)
    for total in (190, 290, 390):
        parts = make.histogram(clock.now, total, 10)
        assert one.write(parts[0], *parts[2:]) == 204
        clock.now += 16
        one.flush()

    assert one.totals("up") == (300, 300)
    assert one.totals("quick") == (300, 300)


def test_the_first_failure_counts_whole_even_when_its_shard_comes_last(desk, make, clock, slos):
    """A series that an earlier scrape of its metric had not is new, not old."""
    one = settled(desk, make, clock, *slos)
    one.write(*make.histogram(clock.now, 190, 10))
    clock.now += 15

    one.write(*make.histogram(clock.now, 290, 10))
    one.write(*make.histogram(clock.now, 7, 0, status="500"))

    assert one.totals("up") == (200, 207)


def test_what_was_incomplete_at_first_is_no_newer_for_it(desk, make, clock, slos):
    """A histogram whose `+Inf` was late at the very first scrape is not taken for one that began since."""
    one = desk(*slos)
    parts = make.histogram(clock.now, 900, 0)
    one.write(make.series("up", (1, clock.now)), *parts[:3], *make.histogram(clock.now, 50, 0, status="404"))
    clock.now += 16
    one.flush()
    for total in (910, 920):
        clock.now += 15
        parts = make.histogram(clock.now, total, 0)
        one.write(make.series("up", (1, clock.now)), *parts, *make.histogram(clock.now, 50, 0, status="404"))

    clock.now += 16
    one.flush()

    assert one.totals("up") == (10, 10)


def test_the_first_request_after_a_scrape_without_any_counts(desk, make, clock, slos):
    """A target that was up and had no series of the metric has counted nothing yet: its first failure is none too many."""
    one = desk(*slos)
    one.write(make.series("up", (1, clock.now)))
    clock.now += 15

    one.write(make.series("up", (1, clock.now)), *make.histogram(clock.now, 2, 0, status="500"))
    clock.now += 16
    one.flush()

    assert one.totals("up") == (0, 2)


def test_a_histogram_sent_both_ways_counts_once(desk, make, clock, slos):
    """Where a native histogram comes beside the classic one of the same requests, the classic one counts."""
    one = settled(desk, make, clock, *slos)
    for total in (100, 120):
        request = WriteRequest.FromString(
            bytes(cramjam.snappy.decompress_raw(make.one(*make.histogram(clock.now, total, 10))))
        )
        name = request.timeseries.add(
            labels=[label for label in request.timeseries[4].labels if b"_count" not in label]
        )
        name.labels.insert(0, Label(name="__name__", value="http_server_request_duration_seconds").SerializeToString())
        name.histograms.add(count_int=total + 10, timestamp=round(clock.now * 1000))
        assert one.post(make.packed(request)).status_code == 204
        clock.now += 16
        one.flush()
        clock.now += 1

    assert one.totals("up") == (30, 30)


def test_a_series_that_went_stale_is_not_waited_for(desk, make, clock, slos):
    """The mark that a series ended completes the scrape as its sample would."""
    one = settled(desk, make, clock, *slos)
    one.write(*make.histogram(clock.now, 190, 10), *make.histogram(clock.now, 5, 0, status="500"))
    clock.now += 15
    ended = [one_._replace(samples=[(STALE, clock.now)]) for one_ in make.histogram(clock.now, 0, 0, status="500")]

    one.write(*make.histogram(clock.now, 200, 10))
    waited = one.totals("up")
    one.write(*ended)

    assert waited == (100, 105)
    assert one.totals("up") == (110, 115)


def test_a_counter_that_begins_anew_counts_whole(desk, make, clock, slos):
    """A process that restarted is seen by its falling counts."""
    one = settled(desk, make, clock, *slos)

    one.write(*make.histogram(clock.now, 3, 2))

    assert one.totals("quick") == (3, 5)


def test_two_prometheus_of_a_pair_tell_the_same_counters(desk, make, clock, slos):
    """Their label for which of the two it is makes no second stream, and the one that is behind is not refused."""
    one = desk(*slos)
    at = clock.now
    for offset, total in ((0, 90), (7, 100), (15, 110), (22, 120), (21, 119), (30, 130)):
        clock.now = max(clock.now, at + offset)
        replica = "AB"[offset % 15 // 7]
        assert one.write(*make.histogram(at + offset, total, 10, prometheus_replica=replica)) == 204
        if not offset:
            clock.now += 15
            one.flush()

    clock.now += 15
    one.flush()

    assert one.totals("up") == (40, 40)


@pytest.mark.parametrize("seed", range(8))
def test_any_history_of_shards_is_counted_as_a_plain_recount_has_it(seed, desk, make, clock, slos):
    """Sharded, repeated, restarted: in the end every increase is counted once, and good never lags behind total."""
    random, one = Random(seed), settled(desk, make, clock, *slos)
    quick, slow, failed = 90, 10, 0
    for _ in range(12):
        quick, slow, failed = quick + random.randrange(50), slow + random.randrange(3), failed + random.randrange(1, 3)
        parts = make.histogram(clock.now, quick, slow) + make.histogram(clock.now, failed, 0, status="500")
        random.shuffle(parts)
        while parts:
            cut = random.randrange(1, len(parts) + 1)
            shard, parts = parts[:cut], parts[cut:]
            assert one.write(*shard) == 204
            if random.random() < 0.2:
                assert one.write(*shard) == 204
            if random.random() < 0.1:
                one.collector.close()
                one = desk(*slos)
            good, total = one.totals("quick")
            assert total - good <= slow - 10
        clock.now += 20
        one.flush()

    assert one.totals("up") == (quick + slow - 100, quick + slow + failed - 100)
    assert one.totals("quick") == (quick - 90, quick + slow - 100)


def test_what_waits_is_written_once(desk, make, clock, slos, monkeypatch):
    """A scrape in many requests costs its size: rows that wait are not written again, nor shapes looked for, for each of its parts."""
    one = settled(desk, make, clock, *slos)
    shapes = []
    shape = Family.shape
    monkeypatch.setattr(Family, "shape", lambda family: shapes.append(1) or shape(family))
    parts = [bucket for route in range(30) for bucket in make.histogram(clock.now, 5, 5, http_route=f"/{route}")[:4]]
    before = one.collector.ledger.writer.total_changes
    for first in range(0, len(parts), 4):
        assert one.write(*parts[first : first + 4]) == 204
    written = one.collector.ledger.writer.total_changes - before
    clock.now += 16
    one.flush()

    assert 30 * (4 + 20) > written
    assert 10 > len(shapes)
    assert one.totals("up") == (300, 300)
    assert len(one.assembly) == 0
    assert one.collector.ledger.writer.execute("SELECT count(*) FROM prometheus_pending").fetchone() == (0,)


def test_a_flood_of_targets_fills_no_memory(desk, make, clock, slos, monkeypatch):
    """Beyond a bound the targets longest unheard are forgotten, counted, and count on when they come again."""
    monkeypatch.setattr(assembly, "MOST_MEMBERS", 5)
    one = settled(desk, make, clock, *slos)
    for number in range(20):
        one.write(*make.histogram(clock.now, 9, 0, job="flood", instance=f"f{number}"))
        clock.now += 16
        one.flush()
    one.write(*make.histogram(clock.now, 190, 15))
    clock.now += 16
    one.flush()

    assert len(one.assembly._families) <= 6
    assert 21 - 6 <= one.assembly.forgotten
    assert one.totals("up") == (105, 105)


def test_a_counter_and_a_native_histogram_of_one_name_do_not_block_their_sender(desk, make, clock, slos):
    """Two kinds of samples of one label set wait beside one another: the request is taken, and not refused for ever."""
    one = settled(desk, make, clock, *slos)
    labels = {"http_response_status_code": "200", "http_route": "/both"}
    plain = make.series("http_server_request_duration_seconds", (7, clock.now), **labels)
    request = WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(make.one(plain))))
    native = request.timeseries.add(labels=request.timeseries[0].labels)
    native.histograms.add(count_int=7, timestamp=round(clock.now * 1000))

    assert one.post(make.packed(request)).status_code == 204
    assert len(one.assembly) == 2


def test_samples_that_come_again_after_their_series_ended_wait_once(desk, make, clock, slos):
    """What waits is counted by what there is: a number that drifts would one day refuse everything."""
    one = settled(desk, make, clock, *slos)
    first = make.histogram(clock.now, 190, 10)[:2]
    ended = [part._replace(samples=[(STALE, clock.now + 1)]) for part in first]
    for shard in (first, ended, first):
        assert one.write(*shard) == 204
    clock.now += 16
    one.flush()

    assert len(one.assembly) == 0


def test_a_late_start_and_an_early_one_are_no_loss(desk, make, clock, slos):
    """A histogram that is told by two of its scrapes at once was not dropped."""
    one = settled(desk, make, clock, *slos)
    parts = make.histogram(clock.now, 5, 0, status="500")
    one.write(*make.histogram(clock.now, 190, 10), *parts[:2])
    clock.now += 16
    one.flush()
    dropped = one.assembly.dropped
    one.write(*make.histogram(clock.now, 190, 10), *make.histogram(clock.now, 5, 0, status="500"))

    assert dropped == one.assembly.dropped == 1


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(6))
def test_scrapes_told_at_once_are_counted_as_those_put_together_sample_by_sample(
    seed, desk, make, clock, slo, monkeypatch
):
    """Two collectors hear the same: in whole requests and in parts, late, twice, stale, begun anew. One of them looks at each sample."""
    random = Random(seed)
    slos = slo("up", signal=METRIC), slo("quick", signal=METRIC, threshold="0.25"), slo("orders", signal="orders")
    one, other = desk(*slos), desk(*slos, apart=True)
    monkeypatch.setattr(other.assembly, "put_whole", lambda *_: None)
    quick, told = [0, 0, 0], []
    monkeypatch.setattr(
        one.assembly,
        "put_whole",
        lambda *said: told.append(type(one.assembly).put_whole(one.assembly, *said)) or told[-1],
    )
    for _ in range(25):
        quick = [random.choice((count + random.randrange(9),) * 9 + (0,)) for count in quick]
        routes = random.choice(((0, 1, 2),) * 6 + ((0, 1), (2, 1, 0)))
        parts = [
            part
            for route in routes
            for part in (
                *make.histogram(clock.now, quick[route], route, http_route=f"/{route}"),
                make.series("orders_total", (quick[route], clock.now), http_route=f"/{route}"),
            )
        ]
        if random.random() < 0.1:
            parts[:4] = [part._replace(samples=[(STALE, clock.now)]) for part in parts[:4]]
        cut = random.choice((len(parts),) * 5 + (3, 7))
        again = random.choice((0, 0, 0, 1))
        for shard in (parts[:cut], parts[cut:], *[parts] * again):
            assert one.write(*shard) == other.write(*shard)
        clock.now += random.choice((15, 15, 16, 31)) if random.random() < 0.9 else -14
        if random.random() < 0.5:
            one.flush()
            other.flush()
        assert len(one.assembly) == len(other.assembly)
        assert one.collector.totals() == other.collector.totals()

    assert any(points is not None for points in told)
    assert (one.assembly.dropped, one.assembly.forgotten) == (other.assembly.dropped, other.assembly.forgotten)
