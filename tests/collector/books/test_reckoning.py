"""What SLOs count by their methods equals a recount of the booked events, whatever happens in between."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.collector.books.objectives import Objectives
from fournines.collector.books.reckoned import Reckoned
from fournines.collector.books.reckoning import Moment, Reckoning
from fournines.collector.books.rolling import Rolling
from fournines.collector.ledger.buckets import Booked, Buckets, tier_of
from fournines.collector.ledger.schema import migrate
from fournines.collector.ledger.upkeep import Upkeep
from fournines.collector.registry.catalogue import Catalogue
from fournines.slo import (
    DAY,
    HOUR,
    MINUTE,
    SLI,
    SLO,
    TIERS,
    CalendarWindow,
    Interval,
    Method,
    Objective,
    SLIKind,
    Window,
)
from fournines.slo.composite import Composite, Member, Rule
from fournines.slo.correction import Correction, merged
from fournines.slo.slices import Slices
from fournines.slo.unit import PARTS

START = 1_790_000_000
BUDGET = Window(7 * DAY)
HOURLY = Correction(START - 90 * MINUTE - 7, 11 * MINUTE, "batch", "anna", "FREQ=DAILY;BYHOUR=1,9,17")
ONCE = Correction(START + 95, 400, "false data", "ben")
TARGET = Objective(Decimal("0.9"))


def made(name, method=Method.OCCURRENCES, slices=None, composite=None, corrections=(), objective=TARGET, more=()):
    """An SLO without rules."""
    sli = SLI(SLIKind.AVAILABILITY, "bank", "slos" if composite else "spans", composite=composite)
    return SLO(
        name,
        sli,
        objective,
        BUDGET,
        method,
        (),
        slices=slices,
        corrections=corrections,
        more_windows=(Window(HOUR), *more),
    )


def composite(name, rule, *names, **more):
    """A composite of SLOs."""
    members = tuple(Member(each, Fraction(index + 1)) for index, each in enumerate(names))
    if rule is Rule.WEIGHTED:
        return made(name, composite=Composite(rule, members), **more)
    return made(name, Method.TIMESLICES, Slices(None, Window(MINUTE)), Composite(rule, members), **more)


SLOS = (
    made("plain"),
    made("month", more=(CalendarWindow(1, "d", zone="Europe/Berlin"),)),
    made("corrected", corrections=(HOURLY, ONCE)),
    made("slices", Method.TIMESLICES, Slices(Decimal("0.75"), Window(5 * MINUTE))),
    made("corrected-slices", Method.TIMESLICES, Slices(Decimal("0.75"), Window(MINUTE)), corrections=(HOURLY, ONCE)),
    made("shares", Method.RATIO_TIMESLICES, Slices(None, Window(2 * MINUTE)), corrections=(ONCE,)),
    composite("all", Rule.ALL, "plain", "corrected-slices"),
    composite("any", Rule.ANY, "plain", "month"),
    composite("nested", Rule.ALL, "any", "slices"),
    composite("weighted", Rule.WEIGHTED, "plain", "corrected"),
)
ROWS = {slo.name: row for row, slo in enumerate((slo for slo in SLOS if slo.sli.composite is None), start=1)}
BY_NAME = {slo.name: slo for slo in SLOS}


def catalogue_of(slos, version=1):
    """All of them, settled."""
    return Catalogue(version, tuple(slos), ROWS, frozenset(ROWS))


class Recount:
    """The same questions, answered event by event."""

    def __init__(self, booked, now):
        self.booked, self.now = booked, now

    def events(self, slo, within, width):
        out = merged(each for one in slo.corrections for each in one.intervals(within, max(MINUTE, width)))
        return [
            (t, good, total)
            for name, t, good, total in self.booked
            if name == slo.name and within.start <= t < within.end and not any(a <= t < b for a, b in out)
        ]

    def shares(self, slo, length, within):
        """Good and total by slice that begins within."""
        width = max(window.width for window in slo.windows)
        found = {}
        for t, good, total in self.events(slo, Interval(within.start - length, within.end + 2 * HOUR), width):
            start = t // length * length
            if within.start <= start < within.end:
                old = found.get(start, (0, 0))
                found[start] = old[0] + good, old[1] + total
        return found

    def bad(self, slo, member, within):
        if member.sli.composite:
            parts = [self.bad(slo, BY_NAME[each.name], within) for each in member.sli.composite.members]
            return set.union(*parts) if member.sli.composite.rule is Rule.ALL else set.intersection(*parts)
        target = (member.slices and member.slices.target) or member.objective.target
        shares = self.shares(member, slo.slices.window.seconds, within)
        return {start for start, (good, total) in shares.items() if total and Fraction(good, total) < Fraction(target)}

    def count(self, slo, window):
        """(bad, total) where total is None for slices, whose number is a matter of time."""
        within = window.interval(self.now)
        if slo.method is Method.TIMESLICES:
            return len(self.bad(slo, slo, within)), None
        if slo.method is Method.RATIO_TIMESLICES:
            shares = self.shares(slo, slo.slices.window.seconds, within).values()
            good = [Fraction(good, total) for good, total in shares if total]
            return sum(PARTS - int(share * PARTS) for share in good), PARTS * len(good)
        if slo.sli.composite:
            counts = [(each.weight, *self.count(BY_NAME[each.name], window)) for each in slo.sli.composite.members]
            weights = sum(weight for weight, _, total in counts if total)
            if not weights:
                return 0, 0
            share = sum(weight * Fraction(bad, total) for weight, bad, total in counts if total) / weights
            return -(-share.numerator * PARTS // share.denominator), PARTS
        events = self.events(slo, within, window.width)
        return sum(total - good for _, good, total in events), sum(total for _, _, total in events)


EVENT = st.tuples(
    st.one_of(st.integers(-20, 900), st.integers(0, 9 * DAY)),
    st.sampled_from(sorted(ROWS)),
    st.integers(0, 9),
    st.integers(0, 3),
)
STORY = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.lists(EVENT, min_size=1, max_size=6)),
        st.tuples(st.just("pass"), st.one_of(st.integers(0, 400), st.integers(-300, 2 * DAY))),
        st.tuples(st.just("ask")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("upkeep")),
    ),
    max_size=40,
)


AHEAD = [
    ("commit", [(-100, "slices", 0, 3), (-290, "corrected-slices", 0, 3), (-290, "shares", 0, 3)]),
    ("restart",),
    ("ask",),
    ("pass", 700),
]
LATE = [("pass", 1000), ("ask",), ("commit", [(800, "corrected", 1, 2), (800, "corrected-slices", 0, 2)])]


@settings(max_examples=40)
@given(STORY)
@example(AHEAD)
@example(LATE)
def test_every_method_equals_a_recount_at_every_moment(story):
    """Events, corrected ones, slices, shares and composites: with late and early events, jumps of the clock, closed days and restarts."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    connection.executemany("INSERT INTO slo (id, name) VALUES (?, ?)", [(row, name) for name, row in ROWS.items()])

    def opened():
        buckets = Buckets(connection)
        return (
            buckets,
            Rolling(connection, buckets),
            Reckoned(connection, buckets, Objectives(connection)),
            Upkeep(connection, buckets),
        )

    buckets, rolling, reckoned, upkeep = opened()
    now, latest, booked = float(START), float(START), []
    for kind, *what in [*story, ("ask",)]:
        if kind == "commit":
            for age, name, good, bad in what[0]:
                t = int(now - age)
                width = TIERS[tier_of(t, latest)].width
                booked.append((name, t // width * width, good, good + bad))
                buckets.book((ROWS[name],), t, Booked(good, good + bad), latest)
            buckets.write(connection)
            buckets.keep()
            rolling.keep()
            reckoned.keep()
        elif kind == "pass":
            now = max(now + what[0], START - 900.0)
            latest = max(now, latest)
        elif kind == "restart":
            buckets, rolling, reckoned, upkeep = opened()
        elif kind == "upkeep":
            for _ in range(8):
                upkeep.stage(latest)
                upkeep.write(connection)
                upkeep.keep()
        else:
            compare(connection, rolling, reckoned, Recount(booked, now))
    connection.close()


def reckon(connection, rolling, reckoned, catalogue, names, windows, now):
    """What SLOs and the members of those among them count, once every slice is read."""
    reckoned.follow(catalogue)
    names = reckoned.with_members(names)
    while True:
        events = rolling.at(np.array([catalogue.rows.get(name, 0) for name in names]), windows, now)
        since = np.full(len(names), START - 40 * DAY)
        Reckoning(reckoned, Moment(names, windows, catalogue.rows, events, since, now)).put_in()
        if not reckoned.unread:
            return names, events
        for slices, within in reckoned.unread:
            slices.take(slices.judged(connection, within))


def compare(connection, rolling, reckoned, recount):
    """All SLOs in all their windows, as asked and as counted again."""
    windows = sorted({window for slo in SLOS for window in slo.windows})
    asked = [slo.name for slo in SLOS]
    _, events = reckon(connection, rolling, reckoned, catalogue_of(SLOS), asked, windows, recount.now)
    for slo, row in zip(SLOS, events, strict=True):
        for window in slo.windows:
            good, total, _ = row[windows.index(window)].tolist()
            bad, expected = recount.count(slo, window)
            if expected is None:
                expected = max(1, bad, window.elapsed(recount.now) // slo.slices.window.seconds)
            assert (bad, expected) == (total - good, total), (slo.name, str(window))


def counts(slos, booked, window, now):
    """Bad and total of each SLO in a window, of events (name, second) that failed."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    buckets = Buckets(connection)
    rolling, reckoned = Rolling(connection, buckets), Reckoned(connection, buckets, Objectives(connection))
    rows = {slo.name: row for row, slo in enumerate(slos, start=1)}
    for name, second in booked:
        buckets.book((rows[name],), second, Booked(0, 1), now)
    buckets.write(connection)
    catalogue = Catalogue(1, tuple(slos), rows, frozenset(rows))
    _, events = reckon(connection, rolling, reckoned, catalogue, list(rows), [window], now)
    connection.close()
    return [(total - good, total) for good, total, _ in events[: len(slos), 0].tolist()]


@pytest.mark.parametrize("window", [Window(HOUR), Window(30 * DAY), Window(90 * DAY), CalendarWindow(1, "Q")])
@pytest.mark.parametrize("passed", [5, 25, 65, 1000])
def test_what_is_corrected_now_is_out_at_once(window, passed):
    """Not only when the bucket that the window is counted from is full."""
    hour = START // HOUR * HOUR
    slo = made("corrected", corrections=(Correction(hour, HOUR, "maintenance", "anna"),), more=(window,))

    assert [(1, 1)] == counts([slo], [("corrected", hour - 1), ("corrected", hour)], window, float(hour + passed))


def test_a_member_is_counted_over_the_window_of_its_composite():
    """Whatever windows it has itself: their buckets are not kept as long."""
    month = Window(30 * DAY)
    sli = SLI(SLIKind.AVAILABILITY, "bank", "spans")
    slices = Slices(Decimal("0.75"), Window(MINUTE))
    day = SLO("day", sli, TARGET, Window(DAY), Method.TIMESLICES, (), slices=slices)
    share = SLO("share", sli, TARGET, Window(DAY), Method.RATIO_TIMESLICES, (), slices=Slices(None, Window(MINUTE)))
    whole = [composite(f"{each.name}-mean", Rule.WEIGHTED, each.name, more=(month,)) for each in (day, share)]
    booked = [(each.name, START - days * DAY) for each in (day, share) for days in range(20)]
    of_day, of_share = counts([day, share, *whole], booked, month, float(START))[2:]

    assert (-(-20 * PARTS // (30 * DAY // MINUTE)), PARTS) == of_day
    assert (PARTS, PARTS) == of_share


def test_a_member_that_is_made_of_nobody_yet_says_nothing():
    """Automatic SLOs that are not heard yet may be named: what is made of them alone does not decide, nor fail."""
    slos = (
        made("plain"),
        composite("unheard", Rule.ALL, "a-availability"),
        composite("any", Rule.ANY, "plain", "unheard"),
    )

    assert 1 == counts(slos, [("plain", START)], Window(HOUR), float(START))[2][0]


@pytest.mark.parametrize(("rule", "bad"), [(Rule.ALL, 3), (Rule.ANY, 1)])
def test_a_composite_is_bad_with_any_member_or_with_all(rule, bad):
    """Of two members that fail in two minutes each, one of them the same, three slices are bad for all of them and one for any."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    buckets = Buckets(connection)
    rolling, reckoned = Rolling(connection, buckets), Reckoned(connection, buckets, Objectives(connection))
    first = START // MINUTE * MINUTE - 10 * MINUTE
    for row, minutes in ((1, (0, 1)), (2, (1, 2))):
        for minute in minutes:
            buckets.book((row,), first + minute * MINUTE, Booked(0, 1), START)
    buckets.write(connection)
    slos = (made("plain"), made("month"), composite("both", rule, "plain", "month"))
    names, events = reckon(connection, rolling, reckoned, catalogue_of(slos), ["both"], [Window(HOUR)], START)
    connection.close()

    assert ["both", "plain", "month"] == names
    assert [60 - bad, 60] == events[0, 0, :2].tolist()
