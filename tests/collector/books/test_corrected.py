"""Corrected time is as if it never was, whoever asks: windows, history and who was to blame say the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fournines.collector import Signal
from fournines.collector import collector as module
from fournines.collector.books.corrected import uncorrected
from fournines.slo import DAY, HOUR, MINUTE, Interval, Window
from fournines.slo.correction import Correction, merged


def test_windows_history_and_contributors_leave_the_same_events_out(opened, otlp, span, slo, now):
    """Of failures in three different minutes those of the corrected one are nowhere, late ones neither; another SLO has them all."""
    minute = int(now) // MINUTE * MINUTE - 10 * MINUTE
    maintenance = (Correction(minute + 60, 60, "maintenance", "anna"),)
    collector = opened([slo("all"), slo("corrected", corrections=maintenance)])
    sent = [span(minute + second, status=500, route=f"/{second // 60}") for second in (10, 70, 100, 130)]
    collector.accept(Signal.TRACES, otlp.spans(*sent), now).result()
    windows, interval = [Window(HOUR)], Interval(minute, minute + 5 * MINUTE)
    before = collector.observe(["all", "corrected"], windows, now).total[:, 0].tolist()
    collector.accept(Signal.TRACES, otlp.spans(span(minute + 80, status=500, route="/1")), now).result()
    seen = collector.observe(["all", "corrected"], windows, now)
    told = [[*map(tuple, collector.history(name, interval, 60))] for name in ("all", "corrected")]
    blamed = [{who.route: bad for who, bad in collector.contributors(name, interval)} for name in ("all", "corrected")]

    assert [4, 2] == before
    assert [5, 2] == seen.total[:, 0].tolist()
    assert [[(minute, 0, 1), (minute + 60, 0, 3), (minute + 120, 0, 1)], [(minute, 0, 1), (minute + 120, 0, 1)]] == told
    assert [{"/0": 1, "/1": 3, "/2": 1}, {"/0": 1, "/2": 1}] == blamed


def test_a_correction_that_comes_or_goes_holds_for_what_is_counted_already(opened, otlp, span, slo, now):
    """Files that are read anew take time out and give it back."""
    minute = int(now) // MINUTE * MINUTE - 10 * MINUTE
    maintenance = (Correction(minute, 60, "maintenance", "anna"),)
    collector = opened([slo("all")])
    collector.accept(Signal.TRACES, otlp.spans(span(minute + 10, status=500)), now).result()
    found = []
    for corrections in ((), maintenance, ()):
        collector.declare([slo("all", corrections=corrections)], now)
        found.append(int(collector.observe(["all"], [Window(HOUR)], now).total[0, 0]))

    assert [1, 0, 1] == found


def test_history_is_of_one_moment(opened, otlp, span, slo, now, monkeypatch):
    """What is committed while it is read is not in it: events of corrected time are never taken out of points that lack them."""
    minute = int(now) // MINUTE * MINUTE
    collector = opened([slo("corrected", corrections=(Correction(minute, HOUR, "maintenance", "anna"),))])
    read = module.history

    def read_while_counting(*asked):
        found = read(*asked)
        collector.accept(Signal.TRACES, otlp.spans(span(now, status=500)), now).result()
        return found

    collector.accept(Signal.TRACES, otlp.spans(span(minute - 60, status=500)), now).result()
    monkeypatch.setattr(module, "history", read_while_counting)

    assert [(minute - 60, 0, 1)] == collector.history("corrected", Interval(minute - 60, minute + 120), 60)
    assert [(minute - 60, 0, 1)] == collector.history("corrected", Interval(minute - 60, minute + 120), 60)


@given(st.lists(st.tuples(st.integers(0, DAY), st.integers(0, HOUR))), st.integers(0, HOUR), st.integers(0, DAY))
def test_what_is_left_and_what_is_corrected_make_the_whole(stretches, start, length):
    """Both together are every second of the interval once."""
    within = Interval(start, start + length)
    cut = [Interval(max(a, within.start), min(a + seconds, within.end)) for a, seconds in stretches]
    taken = merged(cut)
    left = [*uncorrected(within, taken)]

    assert within.seconds == sum(part.seconds for part in (*taken, *left))
    assert sorted([*taken, *left]) == sorted([*taken, *left], key=lambda part: part.end)
    assert merged([*taken, *left]) == merged([within])
