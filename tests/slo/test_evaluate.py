"""Evaluation: all SLOs and windows in one pass, agreeing with one SLO at a time in plain fractions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import (
    DAY,
    FIRST_MONDAY,
    HOUR,
    SLO,
    STATES,
    WORKBOOK,
    BurnRule,
    Evaluator,
    EventCount,
    Method,
    Objective,
    Severity,
    Slices,
    State,
    TimeWindow,
    Window,
    evaluate,
    parse_window,
)

NOW = 1_800_000_000.0
MONTH = Window(30 * DAY)
WINDOWS = tuple(sorted({MONTH, *(window for rule in WORKBOOK for window in (rule.long, rule.short))}))
TARGETS = ["0.9", "0.999", "0.9995", "0.9999", "0.99995", "0.99999"]

PAGE_ONLY = (BurnRule(Severity.PAGE, Fraction(1, 10), Window(6 * 3600), Window(600)),)


LENGTHS = {
    "1M": (31 * DAY, 14 * DAY + 8 * HOUR),
    "1Q": (90 * DAY, 14 * DAY + 8 * HOUR),
    "1w": (7 * DAY, 4 * DAY + 8 * HOUR),
}
"""Of calendars, in UTC: the period's length, and what of it lies behind `NOW`, Friday the 15th of January 2027 at 8:00."""

BUDGETS = [MONTH, Window(90 * DAY), *(parse_window(text, FIRST_MONDAY) for text in LENGTHS)]
METHODS = {
    Method.OCCURRENCES: None,
    Method.TIMESLICES: Slices(Decimal("0.9"), Window(HOUR)),
    Method.RATIO_TIMESLICES: Slices(None, Window(HOUR)),
}
HOURLY = (
    BurnRule(Severity.PAGE, Fraction(1, 10), Window(6 * HOUR), Window(HOUR)),
    BurnRule(Severity.TICKET, Fraction(1, 5), Window(3 * DAY), Window(6 * HOUR)),
)


def length(window):
    return LENGTHS[str(window)][0] if str(window) in LENGTHS else window.seconds


def covered_seconds(since, window):
    elapsed = LENGTHS[str(window)][1] if str(window) in LENGTHS else window.seconds
    return min(elapsed, max(1, int(NOW) - since)) if since >= 0 else 1


@dataclass(frozen=True)
class Seen:
    """One SLO as it is seen, and what follows from that in plain fractions, by the definitions."""

    slo: SLO
    since: int
    counts: Mapping[TimeWindow, EventCount]
    silent: bool
    heard: bool
    changed: Fraction | None

    def allowed(self, window):
        """The share that may be bad; with a changed objective another one in each window."""
        return self.changed / (1 + window.seconds) if self.changed else 1 - Fraction(self.slo.objective.target)

    def scaled(self, window):
        return self.counts[window].total * Fraction(length(window), covered_seconds(self.since, window))

    def burns_above(self, rule, window):
        factor = rule.budget_share * length(self.slo.window) / rule.long.seconds
        return self.counts[window].bad > factor * self.allowed(window) * self.scaled(window)

    def holds(self, rule):
        one = 10**12 if self.slo.method is Method.RATIO_TIMESLICES else 1
        guarded = rule.severity is Severity.PAGE and self.counts[rule.long].bad < self.slo.min_bad_events * one
        return not guarded and all(self.burns_above(rule, window) for window in (rule.long, rule.short))

    def state(self):
        """The list of states, one SLO at a time: the first that holds."""
        holding = {rule.severity for rule in self.slo.rules if self.holds(rule)}
        bad, allowed = self.counts[self.slo.window].bad, self.allowed(self.slo.window) * self.scaled(self.slo.window)
        checks = {
            State.NO_DATA: self.silent or not self.heard,
            State.BURNING: Severity.PAGE in holding,
            State.EXHAUSTED: bad > 0 and bad >= allowed,
            State.AT_RISK: Severity.TICKET in holding,
            State.NO_TRAFFIC: self.counts[min(self.slo.windows)].total == 0,
            State.NOT_MEASURABLE: self.slo.method is Method.OCCURRENCES and allowed < 10,
            State.HEALTHY: True,
        }
        return next(state for state, holds in checks.items() if holds)


@st.composite
def seen_slos(draw, make_slo):
    """An SLO's settings, how it is seen, and counts that lie at, beside or far from its thresholds."""
    since = draw(st.one_of(st.just(-1), st.just(0), st.integers(1, 10**6).map(lambda age: int(NOW) - age)))
    method = draw(st.sampled_from(Method))
    budget, *more = draw(st.lists(st.sampled_from(BUDGETS), min_size=1, max_size=2, unique=True))
    rules = draw(st.sampled_from([WORKBOOK, PAGE_ONLY, WORKBOOK[1:3], ()] if METHODS[method] is None else [HOURLY, ()]))
    slo = make_slo(
        f"slo-{draw(st.integers(0, 10**9))}",
        draw(st.sampled_from(TARGETS)),
        window=budget,
        more_windows=tuple(more),
        method=method,
        slices=METHODS[method],
        rules=rules,
        min_bad_events=draw(st.integers(1, 5)),
    )
    changed = draw(st.one_of(st.none(), st.fractions(Fraction(1, 100), 10**4, max_denominator=1000)))
    seen = Seen(slo, since, {}, draw(st.booleans()), draw(st.booleans()), changed)
    counts = {window: draw(counts_near_limits(seen, window)) for window in sorted(slo.windows)}
    return replace(seen, counts=counts)


@st.composite
def counts_near_limits(draw, seen, window):
    """Counts of one window: at a rule's limit, beside it, or none."""
    total = draw(st.sampled_from([0, 1, 7, 700, 10_000, 6_000_000, 10**15, 3 * 10**18]))
    factors = [rule.budget_share * length(seen.slo.window) / rule.long.seconds for rule in seen.slo.rules]
    scaled = total * Fraction(length(window), covered_seconds(seen.since, window))
    at_limit = int(draw(st.sampled_from([Fraction(0), Fraction(1), *factors])) * seen.allowed(window) * scaled)
    bad = min(total, max(0, at_limit + draw(st.integers(-1, 1))))
    return EventCount(total - bad, total)


@given(st.data())
def test_rows_agree_with_one_slo_at_a_time(make_slo, stated_counts, data):
    """Every row of the array pass has the state, rules, budgets and burns that plain fractions give for that SLO alone.

    Whatever its method, windows, calendars, age, guard and changes of its objective.
    """
    drawn = data.draw(st.lists(seen_slos(make_slo), min_size=1, max_size=8, unique_by=lambda seen: seen.slo.name))
    source = stated_counts(
        counts={seen.slo.name: seen.counts for seen in drawn},
        since={seen.slo.name: seen.since for seen in drawn},
        heard={seen.slo.name: NOW - 3 if seen.heard else float("nan") for seen in drawn},
        silent=frozenset(seen.slo.name for seen in drawn if seen.silent),
        allowed={seen.slo.name: seen.allowed for seen in drawn if seen.changed},
    )
    evaluation = evaluate([seen.slo for seen in drawn], source, NOW)

    for row, seen in enumerate(drawn):
        slo, status = seen.slo, evaluation.status(row)
        assert status.state is seen.state()
        for severity in status.rules:
            holding = [rule for rule in slo.rules if rule.severity is severity.severity and seen.holds(rule)]
            assert severity.met is bool(holding)
            assert severity.rule is None or severity.rule in holding
        for window, rate in status.burn.items():
            allowed = seen.allowed(window) * seen.scaled(window)
            assert rate == (seen.counts[window].bad / allowed if allowed else None)
        for window, budget in {slo.window: status.budget, **status.more_budgets}.items():
            one = 10**12 if slo.method is Method.RATIO_TIMESLICES else 1
            assert budget.allowed * one == seen.allowed(window) * seen.scaled(window)
            assert budget.spent * one == seen.counts[window].bad
            assert budget.seconds_allowed == seen.allowed(window) * length(window)
        assert set(status.more_budgets) == set(slo.more_windows)


def test_one_question_for_all(make_slo, stated_counts):
    """Any number of SLOs and windows costs one question to the source."""
    source = stated_counts({})
    evaluate([make_slo(f"slo-{i}") for i in range(50)], source, NOW)

    assert len(source.asked) == 1
    assert source.asked[0][1] == WINDOWS


def one(make_slo, stated_counts, counts, **seen):
    """The status of one SLO of 99.99 % whose windows all hold these counts, but for those named."""
    slo = make_slo(**seen.pop("slo", {}))
    source = stated_counts(counts={slo.name: counts}, **seen)
    status = evaluate([slo], source, NOW).named(slo.name)
    assert status is not None
    return status


FINE = dict.fromkeys(WINDOWS, EventCount(10_000_000, 10_000_000))
BROKEN = dict.fromkeys(WINDOWS, EventCount(0, 10_000))
SLOW = FINE | {Window.parse(text): EventCount(99_960, 100_000) for text in ("1d", "2h")}
STEADY = FINE | {Window.parse(text): EventCount(99_930, 100_000) for text in ("6h", "30m")}
SPENT = FINE | {MONTH: EventCount(9_999, 10_000)}
FEW = FINE | {MONTH: EventCount(99_999, 99_999)}
ENOUGH = FINE | {MONTH: EventCount(100_000, 100_000)}
QUIET = FINE | {Window.parse("5m"): EventCount(0, 0)}


@pytest.mark.parametrize(
    ("counts", "seen", "state", "reason"),
    [
        (FINE, {}, State.HEALTHY, "100 % of the error budget of 30d is left"),
        (QUIET, {}, State.NO_TRAFFIC, "no events in 5m"),
        (
            FEW,
            {},
            State.NOT_MEASURABLE,
            "at the traffic seen 9 requests may fail in 30d: with fewer than 10 luck decides",
        ),
        (ENOUGH, {}, State.HEALTHY, "100 % of the error budget of 30d is left"),
        (SLOW, {}, State.AT_RISK, "1d and 2h burn above 3"),
        (SPENT, {}, State.EXHAUSTED, "the error budget of 30d is spent: 1 request failed, allowed: 1"),
        (
            SPENT | {w: SLOW[w] for w in WINDOWS if w != MONTH},
            {},
            State.EXHAUSTED,
            "the error budget of 30d is spent: 1 request failed, allowed: 1",
        ),
        (BROKEN, {}, State.BURNING, "1h and 5m burn above 14.4"),
        (STEADY, {}, State.BURNING, "6h and 30m burn above 6"),
        (
            BROKEN,
            {"silent": frozenset({"payments-availability"})},
            State.NO_DATA,
            "payments stopped reporting, last heard 0 s ago",
        ),
        ({}, {"heard": {"payments-availability": float("nan")}}, State.NO_DATA, "payments was never heard"),
        ({}, {}, State.NO_TRAFFIC, "no events in 5m"),
    ],
)
def test_the_order_of_states(make_slo, stated_counts, counts, seen, state, reason):
    """The first state that holds is told, with the reason in words."""
    status = one(make_slo, stated_counts, counts, **seen)

    assert (status.state, status.reason) == (state, reason)


def test_states_are_worst_first():
    """The order of states is part of their meaning."""
    assert [state.value for state in STATES] == [
        "no_data",
        "burning",
        "exhausted",
        "at_risk",
        "no_traffic",
        "not_measurable",
        "healthy",
    ]


@pytest.mark.parametrize(("bad", "met"), [(1, False), (2, False), (3, True), (4, True)])
def test_a_page_needs_three_failures(make_slo, stated_counts, bad, met):
    """Fewer than three bad events in the long window never page, however fast they burn; the ticket needs no such thing."""
    status = one(make_slo, stated_counts, dict.fromkeys(WINDOWS, EventCount(10 - bad, 10)))
    page, ticket = status.rules

    assert (page.met, ticket.met) == (met, True)
    assert met or page.reason == f"{bad} failed event{'' if bad == 1 else 's'} in 6h, fewer than the 3 a page needs"


@pytest.mark.parametrize(("bad", "reason"), [(2, "2 failed events in 6h, fewer than the 3 a page needs"), (3, None)])
def test_an_only_page_that_is_held_back_says_so(make_slo, stated_counts, bad, reason):
    """Where no pair but one would page, its reason not to is told; an SLO without tickets has none that burns."""
    counts = dict.fromkeys(WINDOWS, EventCount(10 - bad, 10)) | {Window(600): EventCount(10 - bad, 10)}
    page, ticket = one(make_slo, stated_counts, counts, slo={"rules": PAGE_ONLY}).rules

    assert page.reason == (reason or "6h and 10m burn above 12")
    assert ticket.reason == "no pair of windows burns above its factor"


def test_rules_are_told_by_number(make_slo, stated_counts):
    """The number of the first rule that holds, pages first and short windows before long ones; -1 where none does."""
    slos = [make_slo("fine"), make_slo("slow"), make_slo("held-back"), make_slo("broken")]
    few = dict.fromkeys(WINDOWS, EventCount(8, 10))
    counts = {"fine": FINE, "slow": SLOW, "held-back": few, "broken": BROKEN}
    evaluation = evaluate(slos, stated_counts(counts=counts), NOW)

    assert evaluation.rules == WORKBOOK
    assert evaluation.met[Severity.PAGE].tolist() == [-1, -1, -1, 0]
    assert evaluation.met[Severity.TICKET].tolist() == [-1, 2, 2, 2]
    assert evaluation.held_back.tolist() == [-1, -1, 1, -1]


def test_tickets_alone_put_at_risk(make_slo, stated_counts):
    """An SLO that pages nobody is at risk all the same when its tickets burn."""
    status = one(make_slo, stated_counts, SLOW, slo={"rules": WORKBOOK[2:]})

    assert (status.state, status.reason) == (State.AT_RISK, "1d and 2h burn above 3")


def test_each_is_held_against_its_own_limit(make_slo, stated_counts):
    """Whoever else has equal rules: of two that fail alike the lax one does not burn, and a strict one that does not fail neither."""
    shared = WORKBOOK[:1]
    slos = [
        make_slo("strict", "0.9999", rules=shared),
        make_slo("lax", "0.9", rules=(replace(WORKBOOK[0]),)),
        make_slo("fine", "0.9999", rules=shared),
    ]
    failing, none = dict.fromkeys(WINDOWS, EventCount(990, 1000)), dict.fromkeys(WINDOWS, EventCount(1000, 1000))
    source = stated_counts(counts={"strict": failing, "lax": failing, "fine": none})

    evaluation = evaluate(slos, source, NOW)

    assert evaluation.met[Severity.PAGE].tolist() == [0, -1, -1]
    assert evaluation.held_back.tolist() == [-1, -1, -1]


def test_both_windows_must_burn(make_slo, stated_counts):
    """A burn in the long window alone, or in the short one alone, meets no rule."""
    failing = EventCount(0, 10_000)
    for text in ("5m", "30m", "2h", "1h", "1d", "3d"):
        status = one(make_slo, stated_counts, FINE | {Window.parse(text): failing})
        assert [rule.met for rule in status.rules] == [False, False]
        assert status.rules[0].reason == "no pair of windows burns above its factor"


@pytest.mark.parametrize("target", ["0.999", "0.9995", "0.9999", "0.99995", "0.99999"])
def test_exactly_at_the_threshold_nothing_fires(make_slo, stated_counts, target):
    """A burn exactly at the factor is not above it; one more bad event is."""
    rule = WORKBOOK[0]
    limit = rule.factor(MONTH) * Objective(Decimal(target)).allowed
    total, bad = limit.denominator * 1000, limit.numerator * 1000
    for extra, met in ((0, False), (1, True)):
        counts = {window: EventCount(total - bad - extra, total) for window in (rule.long, rule.short)}
        status = one(make_slo, stated_counts, counts, slo={"target": target, "rules": (rule,)})
        assert status.rules[0].met is met


def test_twenty_seconds_of_outage_in_the_first_minute(make_slo, stated_counts):
    """They are 20 of the month's 259.2 seconds, not minus nine days: the unseen time counts as traffic without failures."""
    seen = dict.fromkeys(WINDOWS, EventCount(40 * 50, 60 * 50))
    status = one(make_slo, stated_counts, seen, since={"payments-availability": int(NOW) - 60})

    assert 1 - status.budget.remaining_ratio == Fraction(20) / Fraction("259.2")
    assert status.budget.remaining_seconds == Fraction("239.2")
    assert status.coverage == Fraction(60, MONTH.seconds)
    assert status.state is State.BURNING
    assert status.burn[Window.parse("5m")] == Fraction(20, 300) * 10_000
    assert status.burn[Window.parse("1h")] == Fraction(20, 3600) * 10_000


@given(st.integers(1, 40 * DAY), st.integers(0, 10**9), st.integers(1, 10**9))
def test_scale_is_window_over_covered(make_slo, stated_counts, age, good, bad):
    """Each window is stretched by exactly its own length over what was seen of it, and not at all once it is covered."""
    slo = make_slo()
    counts = dict.fromkeys(WINDOWS, EventCount(good, good + bad))
    source = stated_counts(counts={slo.name: counts}, since={slo.name: int(NOW) - age})
    evaluation = evaluate([slo], source, NOW)

    for window in WINDOWS:
        scale = Fraction(window.seconds, min(age, window.seconds))
        assert evaluation.coverage(0, window) == 1 / scale
        assert evaluation.burn(0)[window] == Fraction(bad, good + bad) / scale * 10_000
    assert evaluation.status(0).coverage == Fraction(min(age, MONTH.seconds), MONTH.seconds)


@pytest.mark.parametrize(
    ("since", "now", "seconds"),
    [
        (int(NOW) + 5, NOW, 1),
        (int(NOW), NOW, 1),
        (int(NOW) - 2, NOW, 2),
        (int(NOW) - 2, NOW + 0.9, 2),
        (0, NOW, MONTH.seconds),
    ],
)
def test_whole_seconds_are_covered(make_slo, stated_counts, since, now, seconds):
    """What is seen of a window are the whole seconds since the first, one at least, and never more than the window."""
    slo = make_slo()
    evaluation = evaluate([slo], stated_counts(counts={slo.name: FINE}, since={slo.name: since}), now)

    assert evaluation.status(0).coverage == Fraction(seconds, MONTH.seconds)


def test_never_observed(make_slo, stated_counts):
    """An SLO nobody has observed has no coverage, a whole budget and no age of data."""
    name = "payments-availability"
    status = one(make_slo, stated_counts, {}, since={name: -1}, heard={name: float("nan")})

    assert (status.coverage, status.budget.remaining_ratio, status.data_age) == (0, 1, None)
    assert set(status.burn.values()) == {None}


def test_age_of_data(make_slo, stated_counts):
    """Data is as old as the last export, and never younger than now."""
    name = "payments-availability"
    assert one(make_slo, stated_counts, FINE, heard={name: NOW - 3.1}).data_age == pytest.approx(3.1)
    assert one(make_slo, stated_counts, FINE, heard={name: NOW + 5}).data_age == 0


def test_estimated_events_are_told_apart(make_slo, stated_counts):
    """Bad events nobody sent are in the status by themselves."""
    assert one(make_slo, stated_counts, FINE, estimated=17).estimated_bad == 17


def test_exhaustion_by_the_shortest_burn(make_slo, stated_counts):
    """The forecast goes on at the shortest window's burn; none without traffic; 0 once everything is spent."""
    burning = FINE | {Window.parse("5m"): EventCount(9_990, 10_000)}
    status = one(make_slo, stated_counts, burning)

    assert status.exhausted_in_seconds == Fraction(MONTH.seconds, 10)
    assert one(make_slo, stated_counts, QUIET).exhausted_in_seconds is None
    assert one(make_slo, stated_counts, BROKEN).exhausted_in_seconds == 0


def test_worst_first(make_slo, stated_counts):
    """Rows are put by state, then by the budget left, then by name."""
    slos = [make_slo(name) for name in ("fine-b", "fine-a", "spent", "worse", "broken")]
    counts = {
        "fine-b": FINE,
        "fine-a": FINE,
        "spent": SPENT,
        "worse": FINE | {MONTH: EventCount(0, 9)},
        "broken": BROKEN,
    }
    evaluation = evaluate(slos, stated_counts(counts=counts), NOW)

    assert [slos[row].name for row in evaluation.worst_first] == ["broken", "worse", "spent", "fine-a", "fine-b"]


def test_names_are_unique(make_slo):
    """Two SLOs of one name can't be evaluated together."""
    with pytest.raises(ValueError, match="one name"):
        Evaluator([make_slo(), make_slo()])


def test_nothing_to_evaluate(stated_counts):
    """No SLOs are an empty evaluation."""
    evaluation = evaluate([], stated_counts({}), NOW)

    assert (len(evaluation), evaluation.worst_first) == (0, ())
    assert evaluation.named("x") is None


def test_an_evaluator_is_reusable(make_slo, stated_counts):
    """Prepared once, an evaluator answers for any source and moment, and the same as a fresh one."""
    evaluator = Evaluator([make_slo(), make_slo("other", "0.9", rules=PAGE_ONLY)])
    for counts in (FINE, BROKEN, SPENT):
        source = stated_counts(counts=dict.fromkeys(evaluator.layout.names, counts))
        again, fresh = evaluator.at(source, NOW), evaluate(evaluator.layout.slos, source, NOW)
        assert np.array_equal(again.states, fresh.states)
        assert [repr(again.status(row)) for row in (0, 1)] == [repr(fresh.status(row)) for row in (0, 1)]


@pytest.mark.parametrize("months", [("2027-02-10", "2027-03-10"), ("2027-03-10", "2027-02-10")])
def test_a_factor_follows_the_month(make_slo, stated_counts, months):
    """2 % of February's budget in an hour are a burn of 13.44, of March's one of 14.88: at 14 only February pages, whichever came first."""
    slo = make_slo(target="0.99", window=parse_window("1M"), rules=WORKBOOK[:1])
    source = stated_counts({slo.name: dict.fromkeys(slo.windows, EventCount(860, 1000))})
    evaluator = Evaluator([slo])
    pages = {}
    for day in months:
        page, _ = evaluator.at(source, datetime.fromisoformat(f"{day}T00:00+00:00").timestamp()).status(0).rules
        pages[day[5:7]] = page.met, page.reason

    assert pages["02"] == (True, "1h and 5m burn above 13.44")
    assert pages["03"] == (False, "no pair of windows burns above its factor")


def test_a_budget_spent_before_the_month_is_over(make_slo, stated_counts):
    """At noon of the 16th of 31 days half of the month is to come: it counts as traffic without failures."""
    slo = make_slo(target="0.9", window=parse_window("1M"), rules=())
    source = stated_counts({slo.name: {slo.window: EventCount(960, 1000)}})
    status = evaluate([slo], source, datetime.fromisoformat("2027-03-16T12:00+00:00").timestamp()).status(0)

    assert (status.budget.allowed, status.budget.spent, status.coverage) == (200, 40, Fraction(1, 2))
    assert status.budget.seconds_allowed == 31 * DAY / Fraction(10)
    assert status.burn == {slo.window: Fraction(1, 5)}
    assert status.exhausted_in_seconds == Fraction(4, 5) * 31 * DAY * 5


def test_a_rule_named_twice_counts_once(make_slo, stated_counts):
    """A rule that stands twice in one SLO changes nothing."""
    status = one(make_slo, stated_counts, BROKEN, slo={"rules": (WORKBOOK[0], WORKBOOK[0])})

    assert status.rules[0].met is True
