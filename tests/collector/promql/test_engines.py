"""Counts asked of real engines that hold the same two hours: every form of query counts the same events."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fournines.collector.promql.engine import Engine
from fournines.collector.promql.source import PromqlSource
from fournines.slo import PARTS, SLI, Correction, Evaluator, Interval, Method, Queries, Slices, SLIKind, State, Window

START, END = 1_790_000_000, 1_790_007_200
NOW = END + 3.0
BAD, TOTAL = 'http_requests_total{code=~"5.."}', "http_requests_total"
WINDOWS = [Window.parse("5m"), Window.parse("1h"), Window.parse("2h")]
FORMS = {
    "counters": Queries(bad=BAD, total=TOTAL, counter=True),
    "sums of counters": Queries(bad=f"sum({BAD})", total=f"(sum by (code) ({TOTAL}))", counter=True),
    "increases": Queries(
        bad=f"sum(increase({BAD}[{{{{.window}}}}]))", total=f"sum(increase({TOTAL}[{{{{ .window }}}}]))"
    ),
    "rates": Queries(bad=f"sum(rate({BAD}[$window]))", total=f"sum(rate({TOTAL}[$window]))"),
    "good ones": Queries(good='http_requests_total{code="200"}', total=TOTAL, counter=True),
    "what is seldom looked at": Queries(bad=f"sum(increase({BAD}[1m])) / 60", total=f"sum(increase({TOTAL}[1m])) / 60"),
}


@pytest.fixture(params=["prometheus_url", "victoria_url"])
def source(request):
    """What asks one of the engines."""
    made = PromqlSource(Engine(request.getfixturevalue(request.param)))
    yield made
    made.close()


@pytest.mark.parametrize("form", FORMS)
def test_events_are_those_of_the_window_however_they_are_asked_for(source, asked, form):
    """A counter that began anew costs nothing, and no answer is off by more than what a moment at each end saw."""
    slo = asked(FORMS[form])
    source.refresh([slo], NOW)

    seen = source.observe([slo.name], WINDOWS, NOW)

    assert [400, 4800, 9600] == pytest.approx(seen.total[0].tolist(), abs=3 * 20)
    assert [60, 120, 120] == pytest.approx((seen.total - seen.good)[0].tolist(), abs=2 * 3)
    assert (END, START) == (seen.heard[0], pytest.approx(seen.since[0], abs=10))
    assert not seen.silent[0]


@pytest.mark.parametrize("form", ["counters", "sums of counters", "good ones"])
def test_counters_that_go_on_are_counted_in_whole_events(source, asked, form):
    """To the event, wherever the window's ends lie between two scrapes."""
    slo = asked(FORMS[form])
    for later in (3.0, 7.0, 14.9):
        fresh = PromqlSource(source._engine)
        fresh.refresh([slo], END + later)
        seen = fresh.observe([slo.name], WINDOWS, END + later)

        assert [400, 4800] == seen.total[0, :2].tolist()
        assert [60, 120] == (seen.total - seen.good)[0, :2].tolist()


def test_a_counter_that_begins_anew_at_a_windows_start_takes_nothing_away(source, asked):
    """What it showed before its fall is no negative growth, wherever between two scrapes the window begins."""
    slo, reset = asked(), START + 240 * 15
    for begun in (-16, -14, -8, -1, 0, 1):
        now = reset + begun + 300.0
        fresh = PromqlSource(source._engine)
        fresh.refresh([slo], now)
        seen = fresh.observe([slo.name], WINDOWS, now)

        assert 400 == pytest.approx(seen.total[0, 0], abs=2 * 20), begun


def test_what_collectors_count_is_summed_over_them(source, asked):
    """To the event where a collector wrote all the time; of one that came or went what the engine guesses."""
    slo = replace(asked(name="counted"), sli=SLI(SLIKind.AVAILABILITY, "s"))
    elsewhere = PromqlSource(source._engine, counted_elsewhere=True)
    elsewhere.refresh([slo], NOW)

    seen = elsewhere.observe(["counted"], WINDOWS, NOW)

    assert {"counted"} == elsewhere.names([slo])
    assert 2 * 20 * 8 == seen.total[0, 0]
    assert 2 * 20 == (seen.total - seen.good)[0, 0]
    assert 2 * 480 * 8 == pytest.approx(seen.total[0, 2], abs=3 * 16)


def test_a_share_that_is_there_already_is_counted_in_parts(source, asked):
    """With a window put in, or looked at again and again where it names none."""
    bad, total = (f"sum(increase({each}[{{{{.window}}}}]))" for each in (BAD, TOTAL))
    windowed = asked(Queries(raw=f"1 - ({bad}) / ({total})"), "windowed")
    plain = asked(Queries(raw=f"1 - sum(rate({BAD}[1m])) / sum(rate({TOTAL}[1m]))"), "plain")
    source.refresh([windowed, plain], NOW)

    seen = source.observe(["windowed", "plain"], WINDOWS, NOW)

    assert (seen.total == PARTS).all()
    assert [0.85, 0.975] == pytest.approx([share / PARTS for share in seen.good[0, :2].tolist()], abs=0.003)
    assert [0.85, 0.975] == pytest.approx([share / PARTS for share in seen.good[1, :2].tolist()], abs=0.003)


def test_slices_are_judged_by_the_engine(source, asked):
    """Of the last ten minutes every slice is bad, of those before none; a mean of shares is one of slices."""
    minute = Window.parse("1m")
    judged = asked(FORMS["rates"], "judged", method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), minute))
    shared = asked(FORMS["rates"], "shared", method=Method.RATIO_TIMESLICES, slices=Slices(None, minute))
    source.refresh([judged, shared], NOW)

    seen = source.observe(["judged", "shared"], WINDOWS[1:], NOW)

    assert [60, 119] == pytest.approx(seen.total[0].tolist(), abs=1)
    assert [10, 10] == pytest.approx((seen.total - seen.good)[0].tolist(), abs=1)
    assert [0.975, 0.9875] == pytest.approx((seen.good[1] / seen.total[1]).tolist(), abs=0.003)


def test_corrected_time_is_taken_out(source, asked):
    """Its events as if they never were, and its slices as ones without events; a share that is there already stays what it is."""
    out = (Correction(END - 620, 600, "move", "ana"),)
    minute = Window.parse("1m")
    counted = asked(corrections=out)
    judged = asked(
        FORMS["rates"], "judged", method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), minute), corrections=out
    )
    share = asked(
        Queries(raw=f"1 - sum(increase({BAD}[$window])) / sum(increase({TOTAL}[$window]))"), "share", corrections=out
    )
    for later in (0, 10):
        source.refresh([counted, judged, share], NOW + later)

    seen = source.observe([counted.name, "judged", "share"], WINDOWS[1:], NOW)

    assert [4800 - 800, 9600 - 800] == pytest.approx(seen.total[0].tolist(), abs=3 * 20)
    assert [4, 4] == pytest.approx((seen.total - seen.good)[0].tolist(), abs=2 * 3)
    assert [0, 0] == pytest.approx((seen.total - seen.good)[1].tolist(), abs=1)
    assert 0.975 == pytest.approx(seen.good[2, 0] / PARTS, abs=0.003)


def test_history_is_asked_for_in_steps(source, asked):
    """Each point holds the events of its own step; failures are in the steps they were in."""
    slo = asked()
    source.refresh([slo], NOW)

    points = source.history(slo.name, Interval(END - 1200, END), 120)

    assert [END - 1200 + 120 * step for step in range(10)] == [point.t for point in points]
    assert [0] * 5 + [24] * 5 == [point.bad for point in points]
    assert {160} == {point.total for point in points}


def test_a_long_history_begins_where_it_is_asked_for(source, asked):
    """Whatever an engine's cache would have it rounded to."""
    slo = asked()
    source.refresh([slo], NOW)
    start = END - 6007

    points = source.history(slo.name, Interval(start, END), 60)

    assert [start + 60 * step for step in range(100)] == [point.t for point in points]
    assert 100 * 80 == pytest.approx(sum(point.total for point in points), abs=60)


def test_an_outage_that_an_engine_saw_burns(source, asked):
    """What is asked for reaches the evaluator as what is counted does."""
    slo = asked()
    source.refresh([slo], NOW)

    status = Evaluator([slo]).at(source, NOW).named(slo.name)

    assert State.BURNING == status.state
    assert 15 == pytest.approx(float(status.burn[WINDOWS[0]]), abs=0.5)
