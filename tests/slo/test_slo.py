"""The SLO itself: what it can't be, and which windows it asks for."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from fractions import Fraction

import pytest

from fournines.slo import (
    DAY,
    PARTS,
    PROMQL,
    SLI,
    SLOS,
    WORKBOOK,
    CalendarWindow,
    Composite,
    InvalidValue,
    Member,
    Method,
    Place,
    Queries,
    Rule,
    Slices,
    SLIKind,
    Unit,
    Window,
)

SLICED = Slices(Decimal("0.95"))
WHOLE = Slices()
HOURS = Slices(Decimal("0.95"), Window.parse("1h"))
WEIGHTED, ALL = (
    SLI(SLIKind.AVAILABILITY, "bank", SLOS, composite=Composite(rule, (Member("a"), Member("b"))))
    for rule in (Rule.WEIGHTED, Rule.ALL)
)
RAW = SLI(SLIKind.AVAILABILITY, "bank", PROMQL, promql=Queries(raw="up"))
COUNTED = SLI(SLIKind.AVAILABILITY, "bank", PROMQL, promql=Queries(bad="a", total="b"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "has a name"),
        ({"min_bad_events": 0}, "from 1 to 1,000,000, not 0"),
        ({"min_bad_events": -2}, "from 1 to 1,000,000, not -2"),
        ({"min_bad_events": 1_000_001}, "from 1 to 1,000,000, not 1,000,001"),
        ({"max_groups": 0}, "1 group or more"),
        ({"more_windows": (CalendarWindow(30, "d"),)}, "both written 30d"),
        ({"method": Method.TIMESLICES}, "Timeslices has slices"),
        ({"method": Method.RATIO_TIMESLICES}, "RatioTimeslices has slices"),
        ({"slices": SLICED}, "Occurrences has no slices"),
        ({"method": Method.TIMESLICES, "slices": WHOLE}, "slices have a target where"),
        ({"method": Method.RATIO_TIMESLICES, "slices": SLICED}, "slices have a target where"),
        ({"sli": ALL, "method": Method.TIMESLICES, "slices": SLICED}, "slices have a target where"),
        ({"sli": WEIGHTED, "group_by": ("tenant",)}, "those of the signal slos do not"),
        ({"sli": RAW, "group_by": ("tenant",)}, "those of the signal promql do not"),
        ({"sli": ALL}, "composite of all is Timeslices"),
        ({"sli": ALL, "method": Method.RATIO_TIMESLICES, "slices": WHOLE}, "composite of all is Timeslices"),
        ({"sli": WEIGHTED, "method": Method.TIMESLICES, "slices": WHOLE}, "composite of weighted is Occurrences"),
        ({"method": Method.TIMESLICES, "slices": HOURS}, "a slice of 1h is longer than the window of 5m"),
        (
            {"method": Method.TIMESLICES, "slices": Slices(Decimal("0.9"), Window(90)), "rules": ()},
            "a slice over 30d is a multiple of 1m, in which counts are kept then; not 90s",
        ),
        (
            {"method": Method.TIMESLICES, "slices": SLICED, "window": CalendarWindow(1, "Q")},
            "a slice over 1Q is a multiple of 1h",
        ),
        (
            {"method": Method.TIMESLICES, "slices": SLICED, "more_windows": (Window(90 * DAY),)},
            "a slice over 90d is a multiple of 1h",
        ),
    ],
)
def test_impossible_slos(make_slo, changes, message):
    """What does not go together is refused, and says why."""
    with pytest.raises(InvalidValue, match=message):
        make_slo(**changes)


@pytest.mark.parametrize(
    ("changes", "unit", "guard"),
    [
        ({}, Unit.EVENTS, 3),
        ({"min_bad_events": 7}, Unit.EVENTS, 7),
        ({"min_bad_events": 1}, Unit.EVENTS, 1),
        ({"sli": COUNTED}, Unit.EVENTS, 3),
        ({"method": Method.TIMESLICES, "slices": SLICED}, Unit.SLICES, 1),
        ({"method": Method.TIMESLICES, "slices": SLICED, "min_bad_events": 3}, Unit.SLICES, 3),
        ({"method": Method.TIMESLICES, "slices": SLICED, "sli": COUNTED}, Unit.SLICES, 1),
        ({"method": Method.TIMESLICES, "slices": WHOLE, "sli": ALL}, Unit.SLICES, 1),
        ({"method": Method.RATIO_TIMESLICES, "slices": WHOLE}, Unit.PARTS, PARTS),
        ({"method": Method.RATIO_TIMESLICES, "slices": WHOLE, "min_bad_events": 2}, Unit.PARTS, 2 * PARTS),
        ({"method": Method.RATIO_TIMESLICES, "slices": WHOLE, "min_bad_events": 10**6}, Unit.PARTS, 10**6 * PARTS),
        ({"sli": WEIGHTED}, Unit.PARTS, 1),
        ({"sli": RAW}, Unit.PARTS, 1),
        ({"method": Method.TIMESLICES, "slices": SLICED, "sli": RAW}, Unit.SLICES, 1),
    ],
)
def test_what_is_counted_and_what_a_page_needs(make_slo, changes, unit, guard):
    """Three bad events; one bad slice, whole where slices are good in part; anything of what is a share already. 64 bits hold it."""
    slo = make_slo(**changes)

    assert (slo.unit, slo.guard) == (unit, guard)
    assert guard < 2**63


def test_slices_may_be_as_long_as_the_shortest_window(make_slo):
    """And as fine as the buckets kept of the longest."""
    rules = tuple(rule for rule in WORKBOOK if rule.short >= Window.parse("30m"))
    half_hour, finest = Window.parse("30m"), Window(10)

    assert make_slo(method=Method.TIMESLICES, slices=Slices(Decimal(1), half_hour), rules=rules)
    assert make_slo(method=Method.TIMESLICES, slices=Slices(Decimal(1), finest), rules=(), window=Window(3 * DAY))


def test_windows(make_slo):
    """An SLO asks for its budget's window and for those of its rules."""
    assert sorted(map(str, make_slo().windows)) == ["1d", "1h", "2h", "30d", "30m", "3d", "5m", "6h"]
    assert make_slo(rules=()).windows == {Window(30 * DAY)}


def test_further_windows_are_asked_for_too(make_slo):
    """Budgets beside the first, rolling and calendars'."""
    month = CalendarWindow(1, "M")

    assert make_slo(rules=(), more_windows=(month, Window(DAY))).windows == {Window(30 * DAY), month, Window(DAY)}


def test_a_template_has_a_hundred_groups_unless_said(make_slo):
    """And an SLO that is no template names no attribute."""
    assert (make_slo().max_groups, make_slo().group_by) == (100, ())
    assert make_slo(max_groups=1).max_groups == 1


def test_whose_promise(make_slo):
    """The promise is the SLI's service's, unless another sends the events of it."""
    assert make_slo().service == "payments"
    assert make_slo(provider="bank").service == "bank"


def test_equality_and_hash(make_slo):
    """SLOs are values: equal and of one hash where they promise the same, wherever they are declared."""
    here, there = make_slo(place=Place("a.yaml", 1)), make_slo(place=Place("b.yaml", 9))

    assert here == there
    assert len({here, there}) == 1
    assert here != dataclasses.replace(here, min_bad_events=9)


@pytest.mark.parametrize(
    "said",
    [
        {"signal": SLOS},
        {"signal": PROMQL},
        {"composite": WEIGHTED.composite},
        {"promql": Queries(raw="up")},
        {"signal": SLOS, "promql": Queries(raw="up")},
    ],
)
def test_composites_and_queries_are_signals_of_their_own(said):
    """Neither without its signal, nor the signal without it."""
    with pytest.raises(InvalidValue):
        SLI(SLIKind.AVAILABILITY, "bank", **said)


def test_weights_are_of_members_not_of_events(make_slo):
    """A weighted composite has the events' method, and counts shares."""
    members = (Member("a", Fraction(3), Fraction(1, 100)), Member("b", Fraction(1), Fraction(1, 10)))
    sli = SLI(SLIKind.AVAILABILITY, "bank", SLOS, composite=Composite(Rule.WEIGHTED, members))

    assert make_slo(sli=sli).method is Method.OCCURRENCES


def test_whatever_it_is_grouped_by_tells_events_apart(make_slo):
    """Beside all that its SLI asks; and groups are of events that come in."""
    plain, grouped = make_slo(), make_slo(group_by=("tenant", "http.response.status_code"))

    assert plain.keys == plain.sli.keys
    assert grouped.keys == plain.keys | {"tenant", "http.response.status_code"}
