"""What SLOs counted in past periods, against counting anew by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.slo import (
    DAY,
    HOUR,
    MINUTE,
    PARTS,
    PROMQL,
    SLI,
    SLOS,
    Composite,
    Correction,
    EventCount,
    Interval,
    Member,
    Method,
    Queries,
    Rule,
    SLIKind,
    Window,
)
from fournines.slo.report import Counting, Outcome, Period, Tally
from fournines.slo.report.counting import Unknown
from fournines.slo.slices import Slices

NOW = 1_793_600_000.0
OCTOBER = Period.parse("2026-10")
events = st.lists(
    st.tuples(st.integers(int(NOW) - 60 * DAY, int(NOW) - 1), st.integers(0, 9), st.integers(0, 9)), max_size=40
).map(lambda rows: [(t // 10 * 10, good, good + bad) for t, good, bad in rows])


def counted(rows, interval):
    """By hand."""
    inside = [row for row in rows if interval.start <= row[0] < interval.end]
    return sum(good for _, good, _ in inside), sum(total for *_, total in inside)


@given(rows=events)
@settings(max_examples=50)
def test_a_month_is_a_recount_of_what_is_booked(make_counting, make_slo, rows):
    """Every event of the month counts once, and no other."""
    slo = make_slo()
    tally = make_counting([slo], {"pay": rows}).tally(slo, OCTOBER.interval("UTC"))

    assert counted(rows, OCTOBER.interval("UTC")) == (tally.good, tally.total)
    assert Fraction(tally.total, 100) == tally.allowed


@given(rows=events, zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin"]))
@settings(max_examples=50)
def test_periods_that_follow_each_other_share_no_event_and_lose_none(make_counting, make_slo, rows, zone):
    """A quarter so far is the sum of its months, also where a month begins within an hour of which only the whole is kept."""
    slo = make_slo()
    counting = make_counting([slo], {"pay": rows})
    months = [counting.tally(slo, Period.parse(f"2026-{month}").interval(zone)) for month in (10, 11, 12)]
    quarter = counting.tally(slo, Period.parse("2026-Q4").interval(zone))

    assert (quarter.good, quarter.total) == (sum(each.good for each in months), sum(each.total for each in months))


def test_each_part_is_held_against_the_objective_of_its_time(make_counting, make_slo):
    """The oldest is in force for ever before, and what came after the period does not count in it."""
    slo, start = make_slo(target="0.9"), OCTOBER.interval("UTC").start
    rows = [(start + HOUR, 90, 100), (start + 20 * DAY, 290, 300)]
    past = [(start + 5 * DAY, "0.99"), (start + 10 * DAY, "0.5"), (int(NOW) - 30, "0.9")]

    tally = make_counting([slo], {"pay": rows}, past).tally(slo, OCTOBER.interval("UTC"))
    assert Fraction(1) + 150 == tally.allowed
    later = [(int(NOW) - 30, "0.75"), (int(NOW) - 20, "0.9")]
    assert 100 == make_counting([slo], {"pay": rows}, later).tally(slo, OCTOBER.interval("UTC")).allowed


def test_slices_are_judged_one_by_one(make_counting, make_slo):
    """Good are those of the observed time that miss no target, with events or without."""
    slo = make_slo(target="0.9", method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), Window(MINUTE)))
    start = int(NOW) // DAY * DAY - DAY
    rows = [(start, 94, 100), (start + 60, 95, 100), (start + 120, 90, 90), (start + 130, 0, 10)]
    within = Interval(start, start + DAY)

    tally = make_counting([slo], {"pay": rows}).tally(slo, within)
    assert Tally(1438, 1440, 1, Fraction(144)) == tally
    young = make_counting([slo], {"pay": rows}, since=start + DAY // 2).tally(slo, within)
    assert (718, 720) == (young.good, young.total)


def test_shares_of_slices_are_weighed_alike(make_counting, make_slo):
    """Whatever a slice's traffic; slices without are none."""
    slo = make_slo(method=Method.RATIO_TIMESLICES, slices=Slices(None, Window(MINUTE)))
    start = int(NOW) // DAY * DAY - DAY
    tally = make_counting([slo], {"pay": [(start, 1, 2), (start + 60, 900, 900)]}).tally(
        slo, Interval(start, start + DAY)
    )

    assert (PARTS + PARTS // 2, 2 * PARTS, PARTS) == tally[:3]
    assert Fraction(3, 4) == Outcome.of(tally).ratio


def test_what_is_kept_too_coarse_is_not_made_up(make_counting, make_slo):
    """Minutes are kept for 35 days: slices of older ones are unknown, and nothing at all is known of what is older than 400."""
    slo = make_slo(target="0.9", method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), Window(MINUTE)))
    counting = make_counting([slo], {})
    with pytest.raises(Unknown, match="slices of 1m can be counted of the last 34 days only"):
        counting.tally(slo, Period.parse("2026-09").interval("UTC"))
    with pytest.raises(Unknown, match="counts are kept for 400 days"):
        counting.tally(make_slo(), Period.parse("2025-09").interval("UTC"))


def test_composites_are_made_of_their_members(make_counting, make_slo):
    """Of the weighed mean of shares, or of slices in which all members are good, or any."""
    one, other = make_slo("one"), make_slo("other", target="0.5")
    members = (Member("one", Fraction(3)), Member("other"))
    start = int(NOW) // DAY * DAY - DAY
    rows = {"one": [(start, 98, 100), (start + 60, 10, 10)], "other": [(start, 4, 10), (start + 60, 4, 10)]}

    def tally(rule, method, slices):
        sli = SLI(SLIKind.AVAILABILITY, "shop", signal=SLOS, composite=Composite(rule, members))
        slo = make_slo("both", sli=sli, method=method, slices=slices)
        return make_counting([one, other, slo], rows).tally(slo, Interval(start, start + DAY))

    slices = Slices(None, Window(MINUTE))
    assert 1 - Fraction(3 * 2, 4 * 110) - Fraction(12, 4 * 20) == pytest.approx(
        float(Outcome.of(tally(Rule.WEIGHTED, Method.OCCURRENCES, None)).ratio), abs=1e-11
    )
    assert 1438 == tally(Rule.ALL, Method.TIMESLICES, slices).good
    assert 1439 == tally(Rule.ANY, Method.TIMESLICES, slices).good


def test_a_month_that_is_not_over_is_counted_so_far(make_counting, make_slo):
    """Up to the minute being filled, and observed up to now."""
    slo, november = make_slo(), Period.parse("2026-11").interval("UTC")
    counting = make_counting([slo], {"pay": [(int(NOW) // 10 * 10, 1, 1), (int(NOW) + 7200, 5, 5)]})

    assert 1 == counting.tally(slo, november).total
    assert int(NOW) - november.start == counting.observed("pay", november).seconds


def test_an_incident_is_counted_in_the_buckets_it_touches(make_counting, make_slo):
    """In minutes where these are kept, in hours where they are not."""
    slo, young, old = make_slo(), int(NOW) // HOUR * HOUR - DAY, int(NOW) // HOUR * HOUR - 50 * DAY
    rows = [(start + second, 0, 1) for start in (young, old) for second in (30, 70, 130, 1800)]
    counting = make_counting([slo], {"pay": rows})

    assert 2 == counting.bad(slo, Interval(young + 40, young + 100))
    assert 4 == counting.bad(slo, Interval(old + 40, old + 100))


def test_nothing_counted_is_no_result():
    """Neither kept nor broken; and one event too many breaks a promise that as many as allowed keep."""
    nothing = Outcome.of(Tally(0, 0, 1, Fraction(0)))
    assert (None, None, None) == (nothing.ratio, nothing.remaining_ratio, nothing.kept)
    assert Outcome.of(Tally(90, 100, 1, Fraction(10))).kept
    broken = Outcome.of(Tally(89, 100, 1, Fraction(10)))
    assert (broken.kept, broken.remaining_ratio) == (False, Fraction(-1, 10))


def test_members_that_are_gone_count_nothing(make_counting, make_slo):
    """A composite of nobody who is known has no result, and none is made up."""
    sli = SLI(SLIKind.AVAILABILITY, "shop", signal=SLOS, composite=Composite(Rule.WEIGHTED, (Member("gone"),)))
    slo = make_slo("both", sli=sli)
    counting: Counting = make_counting([slo], {})
    assert EventCount(0, 0) == EventCount(*counting.tally(slo, OCTOBER.interval("UTC"))[:2])


def test_corrected_time_is_taken_out_of_what_is_asked_of_an_engine(make_counting, make_slo):
    """The ledger leaves it out itself, an engine does not know of it."""
    start = int(NOW) // DAY * DAY - DAY
    sli = SLI(SLIKind.AVAILABILITY, "shop", signal=PROMQL, promql=Queries(good="good", total="total"))
    corrections = (Correction(start + 60, 60, "moved", "ana"), Correction(start + 90, 60, "moved", "ana"))
    slo = make_slo("asked", sli=sli, corrections=corrections)
    rows = [(start, 5, 9), (start + 60, 1, 20), (start + 150, 1, 20), (start + 180, 3, 3)]

    assert (8, 12) == make_counting([slo], {"asked": rows}).tally(slo, Interval(start, start + DAY))[:2]


def test_full_hours_are_asked_for_together(make_counting, make_slo):
    """Minutes are read at the ends alone."""
    slo, start = make_slo(), int(NOW) // HOUR * HOUR - DAY
    counting = make_counting([slo], {})
    counting.tally(slo, Interval(start - 120, start + 2 * HOUR + 60))
    counting.tally(slo, Interval(start + 60, start + 120))

    assert [
        (start - 120, start),
        (start, start + 2 * HOUR),
        (start + 2 * HOUR, start + 2 * HOUR + 60),
        (start + 60, start + 120),
    ] == counting.source.asked


def test_slices_of_an_engine_are_not_known(make_counting, make_slo):
    """Its silence and a time without failures are one and the same answer: nothing."""
    sli = SLI(SLIKind.AVAILABILITY, "shop", signal=PROMQL, promql=Queries(good="good", total="total"))
    slo = make_slo("asked", sli=sli, method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), Window(MINUTE)))
    with pytest.raises(Unknown, match="an engine that does not answer"):
        make_counting([slo], {}).tally(slo, Interval(int(NOW) - DAY, int(NOW)))


def test_a_composite_of_nobody_is_no_member(make_counting, make_slo):
    """What is good in any member is not made good by one that nothing is known of."""
    slices, start = Slices(None, Window(MINUTE)), int(NOW) // DAY * DAY - DAY

    def composite(name, rule, *members):
        sli = SLI(SLIKind.AVAILABILITY, "shop", signal=SLOS, composite=Composite(rule, tuple(map(Member, members))))
        return make_slo(name, sli=sli, method=Method.TIMESLICES, slices=slices)

    empty, one = composite("empty", Rule.ALL, "gone"), make_slo("one")
    either = composite("either", Rule.ANY, "one", "empty")
    tally = make_counting([empty, one, either], {"one": [(start, 0, 1)]}).tally(either, Interval(start, start + DAY))

    assert (1439, 1440) == (tally.good, tally.total)
