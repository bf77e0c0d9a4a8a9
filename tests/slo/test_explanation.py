"""How numbers came about, in sentences."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import (
    DAY,
    HOUR,
    MINUTE,
    PARTS,
    SLI,
    SLO,
    SLOS,
    WORKBOOK,
    CalendarWindow,
    Chance,
    Composite,
    Correction,
    EventCount,
    FakeEventSource,
    Member,
    Method,
    Objective,
    Rule,
    Severity,
    Slices,
    SLIKind,
    Window,
    evaluate,
    explain,
    outlook,
)

NOW = 1_795_317_165.0
MONTH = CalendarWindow(1, "M", zone="Europe/Berlin")
COUNTS = {
    "5m": (997_900, 1_000_000), "30m": (998_800, 1_000_000), "1h": (998_480, 1_000_000), "2h": (999_240, 1_000_000),
    "6h": (999_750, 1_000_000), "1d": (999_890, 1_000_000), "3d": (999_900, 1_000_000), "30d": (119_880, 120_000),
    "1M": (99_999_000, 100_000_000), "7d": (99, 100),
}  # fmt: skip

WHOLE = """\
payments-availability: burning since 03:11:05 UTC (1 min 40 s). 1h and 5m burn above 14.4.
99.99 % of the requests to payments succeed, over any 30d. That allows 4 min 19 s of total outage.
Of 120,000 requests seen in 30d, 120 requests failed.
The objective allows 12 requests to fail at this traffic (0.01 %). \
Budget left = 1 \N{MINUS SIGN} 120 / 12 = \N{MINUS SIGN}900 %, over-spent by 38 min 53 s of total outage or 108 requests.
A burn rate of 1x spends exactly the whole budget in exactly 30d. \
Page above 14.4x: 15.2x over 1h and 21x over 5m, both are above. Page above 6x: 2.5x over 6h and 12x over 30m, only 30m is above. \
Ticket above 3x: 1.1x over 1d and 7.6x over 2h, only 2h is above. Ticket above 1x: 1x over 3d and 2.5x over 6h, only 6h is above.
Page: 1h and 5m burn above 14.4. No ticket: no pair of windows burns above its factor. \
A page waits until 3 requests failed in its long window."""


def status_of(slo, counts=COUNTS, **seen):
    """An SLO over counts by window; none in the others."""
    source = FakeEventSource(lambda _, window: EventCount(*counts.get(str(window), (0, 0))), **seen)
    return evaluate([slo], source, NOW).status(0)


def lines_of(slo, counts=COUNTS, **seen):
    return explain(status_of(slo, counts, **seen)).splitlines()


def composite(rule, **fields):
    members = (Member("api", Fraction(2)), Member("shop"))
    sli = SLI(SLIKind.AVAILABILITY, "bank", signal=SLOS, composite=Composite(rule, members))
    return SLO("bank", sli, Objective(Decimal("0.999")), **fields)


def sliced(make_slo, method, target):
    slices = Slices(target, Window(HOUR))
    return make_slo(method=method, slices=slices, rules=WORKBOOK[3:])


def test_the_whole_arithmetic(make_slo):
    """State, promise, count, budget, each rule against its limit, and who is told: in this order, a line a subject."""
    assert explain(status_of(make_slo()), NOW - 100) == WHOLE


def test_a_calendar_says_its_period(make_slo):
    """The period now is in, on its own clocks."""
    lines = lines_of(make_slo(window=MONTH))

    assert "in every month of Europe/Berlin. This one is from 1 Nov 00:00 to 1 Dec 00:00." in lines[1]
    assert lines[2].startswith("Of 100,000,000 requests seen in this month, 1,000 requests failed.")


@pytest.mark.parametrize(
    ("day", "said"),
    [(2, "the budget is empty in 3 d "), (28, "the budget lasts longer than this month.")],
)
def test_a_calendars_budget_ends_with_its_period(make_slo, day, said):
    """What would be spent in three days is not spent any more two days before the next month begins, and its budget with it."""
    begun = datetime(2026, 11, day + 1, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    counts = {"5m": (999_000, 1_000_000), "1M": (10**8, 10**8)}
    source = FakeEventSource(lambda _, window: EventCount(*counts.get(str(window), (0, 0))))
    status = evaluate([make_slo(window=MONTH)], source, begun).status(0)

    assert f"if that goes on {said}" in explain(status)


def test_what_was_not_counted_is_said(make_slo):
    """What was estimated, what nobody watched, and what was taken out, by whom, why and when."""
    out = Correction(int(NOW) - 2 * DAY, 2 * HOUR, "maintenance", "ann")
    lines = lines_of(make_slo(corrections=(out,)), since={"payments-availability": int(NOW) - 3 * DAY}, estimated=7)

    assert "7 of these are estimated: expected while payments was silent." in lines[2]
    assert "Watched for 3 d of it: the rest counts as usual traffic without failures." in lines[2]
    assert lines[2].endswith("Taken out of it are 2 h 1 min: maintenance (ann, 20 Nov 03:12 UTC for 2 h 1 min).")


def test_of_what_is_taken_out_again_and_again_the_last_time_is_said(make_slo):
    """And how often: a list of every Sunday helps nobody."""
    out = Correction(int(NOW) // DAY * DAY - 30 * DAY, HOUR, "patches", "ann", "FREQ=DAILY")

    assert "patches (ann, 30 times, the last at 22 Nov 00:00 UTC for 1 h)." in explain(
        status_of(make_slo(corrections=(out,)))
    )


def test_corrections_of_another_time_are_not_said(make_slo):
    """What the window does not hold was not taken out of it."""
    out = Correction(int(NOW) - 31 * DAY, HOUR, "maintenance", "ann")

    assert "Taken out" not in explain(status_of(make_slo(corrections=(out,))))


def test_further_budgets_are_said(make_slo):
    """Each with what is left, in share, time and requests."""
    assert (
        "In 7d the budget left is \N{MINUS SIGN}9,900 %, over-spent by 1 h 40 min of total outage or 1 request."
        in lines_of(make_slo(more_windows=(Window(7 * DAY),)))
    )


@pytest.mark.parametrize(
    ("method", "target", "one", "promised"),
    [
        (Method.TIMESLICES, Decimal("0.95"), 1, "In 99.99 % of all slices of 1h, 95 % of the requests to payments succeed,"),
        (Method.RATIO_TIMESLICES, None, PARTS, "On the mean of all slices of 1h, 99.99 % of the requests to payments succeed,"),
    ],
)  # fmt: skip
def test_slices_are_called_slices(make_slo, method, target, one, promised):
    """Nobody reads of requests where bad time is counted, and its parts are told."""
    lines = lines_of(sliced(make_slo, method, target), {"30d": (718 * one, 720 * one)})

    assert lines[1].startswith(promised)
    assert lines[2] == "Of 720 slices of 1h seen in 30d, 2 slices of 1h were bad."
    assert lines[3].startswith("The objective allows 0.072 slices of 1h to be bad at this traffic (0.01 %).")


def test_composites_name_their_members():
    """Who makes the promise together, and by which weights."""
    together = composite(Rule.ALL, method=Method.TIMESLICES, slices=Slices(None, Window(60)), rules=())
    weighted = lines_of(composite(Rule.WEIGHTED), {"30d": (PARTS - PARTS // 2000, PARTS)})

    assert lines_of(together)[1].startswith("In 99.9 % of all slices of 1m, all of api, shop keep their promise,")
    assert weighted[1].startswith("99.9 % of what api (2), shop (1) promise is kept, on the mean by weight,")
    assert weighted[2] == "In 30d 0.05 % of all failed."
    assert "1 \N{MINUS SIGN} 0.05 % / 0.1 % = 50 %, 21 min 36 s of total outage or 0.05 % of all." in weighted[3]


def test_nothing_is_divided_by_nothing(make_slo):
    """Without traffic there is no calculation, and no burn rate."""
    lines = lines_of(make_slo(), {})

    assert lines[3] == "Nothing was asked of it, so nothing of its error budget is spent."
    assert "\N{EN DASH} over 1h and \N{EN DASH} over 5m, neither is above." in lines[4]


def test_whom_nobody_tells_and_who_is_held_back(make_slo):
    """Without rules nobody is told; what it depends on is named."""
    assert lines_of(make_slo(rules=()))[-1] == "It has no burn rules, so nobody is told when it burns."
    assert lines_of(make_slo(depends_on=("db", "queue")))[-1].endswith(
        "It depends on db and queue: while one of them pages, its own page is held back."
    )


@given(st.lists(st.integers(0, 40), min_size=8, max_size=8), st.integers(1, 2_000))
def test_a_rule_is_said_to_hold_where_it_does(failures, traffic):
    """Of each severity `both are above` is said of a rule exactly if its condition is met, or waits for failures alone."""
    slo = SLO("a", SLI(SLIKind.AVAILABILITY, "a"), Objective(Decimal("0.999")))
    counts = {str(window): (traffic, traffic + bad) for window, bad in zip(sorted(slo.windows), failures, strict=True)}
    status = status_of(slo, counts)

    sentences = explain(status).splitlines()[4].split(". ")
    for rule in status.rules:
        said = any("both" in each for each in sentences if each.lower().startswith(rule.severity.value))
        waits = rule.severity is Severity.PAGE and "fewer than" in rule.reason
        assert said is (rule.met or waits)


def test_parts_of_slices_that_are_estimated_are_rounded_up(make_slo):
    """As everything that was spent."""
    lines = lines_of(sliced(make_slo, Method.RATIO_TIMESLICES, None), {"30d": (718 * PARTS, 720 * PARTS)}, estimated=1)

    assert "0.001 of these are estimated" in lines[2]


def test_one_that_is_estimated_is_one(make_slo):
    """Not several."""
    assert "1 of these is estimated: expected while payments was silent." in lines_of(make_slo(), estimated=1)[2]


def test_what_was_spent_is_rounded_up_and_what_is_allowed_down(make_slo):
    """Never in our favour."""
    lines = lines_of(sliced(make_slo, Method.RATIO_TIMESLICES, None), {"30d": (718 * PARTS - 1, 720 * PARTS)})

    assert "Budget left = 1 \N{MINUS SIGN} 2.001 / 0.072 = " in lines[3]


@pytest.mark.parametrize(
    ("since", "said"),
    [(-1, ""), (int(NOW) - 3 * DAY, "Watched for 3 d of it"), (int(NOW) - 30 * DAY, "")],
    ids=["never", "for a while", "always"],
)
def test_for_how_long_it_was_watched(make_slo, since, said):
    """Said of a part of the window: of one that was never seen there is none, and of an old one no rest."""
    watched = lines_of(make_slo(), since={"payments-availability": since})[2]

    assert said in watched
    assert bool(said) is ("Watched" in watched)


def test_of_several_corrections_those_of_the_window_are_said(make_slo):
    """Each by its own reason."""
    early, late = (
        Correction(int(NOW) - 31 * DAY, HOUR, "long gone", "ann"),
        Correction(int(NOW) - DAY, HOUR, "maintenance", "bob"),
    )
    lines = lines_of(make_slo(corrections=(early, late)))

    assert lines[2].endswith("Taken out of it are 1 h 1 min: maintenance (bob, 21 Nov 03:12 UTC for 1 h 1 min).")


def test_what_is_taken_out_is_as_coarse_as_what_is_counted(make_slo):
    """A window of months is counted in hours, and so are its corrections."""
    out = Correction(int(NOW) - DAY, MINUTE, "maintenance", "ann")
    lines = lines_of(make_slo(window=Window(90 * DAY), corrections=(out,)))

    assert lines[2].endswith("Taken out of it are 1 h: maintenance (ann, 21 Nov 03:00 UTC for 1 h).")


@pytest.mark.parametrize(
    ("failed", "left"),
    [
        (12, "0 %, 0 s of total outage or 0 requests."),
        (18, "\N{MINUS SIGN}50 %, over-spent by 2 min 10 s of total outage or 6 requests."),
        (6, "50 %, 2 min 9 s of total outage or 6 requests."),
    ],
)
def test_what_is_left_and_what_is_too_much(make_slo, failed, left):
    """A budget that is spent to the last request is not over-spent."""
    assert lines_of(make_slo(), {"30d": (120_000 - failed, 120_000)})[3].endswith(f" = {left}")


def test_a_burn_of_one_spends_the_period_of_a_calendar(make_slo):
    """As long as it happens to be."""
    assert "spends exactly the whole budget in exactly one month." in lines_of(make_slo(window=MONTH))[4]


def test_groups_alert_each_by_itself(make_slo):
    """Their sum does not, and has no rules that anybody would look for."""
    said = lines_of(make_slo(group_by=("http.route", "tenant"), rules=()))[-1]

    assert said == "It is the sum of its groups by http.route, tenant: these burn and alert, each by itself."


@pytest.mark.parametrize(
    ("slo", "waits"),
    [(composite(Rule.WEIGHTED), False), (SLO("a", SLI(SLIKind.AVAILABILITY, "a"), Objective(Decimal("0.9"))), True)],
)
def test_a_page_waits_for_failures_and_not_for_shares(slo, waits):
    """Of shares there is no number to wait for."""
    assert waits is ("A page waits until 3 requests failed in its long window." in "".join(lines_of(slo)))
    assert waits is ("A page waits" in "".join(lines_of(slo)))


def outlook_of(slo, counts, chance=None):
    return outlook(status_of(slo, counts), chance)


@pytest.mark.parametrize(
    ("failed", "before", "said"),
    [
        (0, 0, "In the last 5m nothing failed: if that goes on the budget lasts longer than 30d."),
        (
            40, 0,
            (
                "In the last 5m 40 requests failed: if that goes on the budget is empty in 7 d 12 h "
                "(9 times in 10: 5 d 18 h to 9 d 22 h)."
            ),
        ),
        (
            1, 2_400,
            "In the last 5m 1 request failed: if that goes on the budget lasts longer than 30d (9 times in 10: 12 d 15 h or longer).",
        ),
    ],
)  # fmt: skip
def test_how_long_the_budget_lasts(make_slo, failed, before, said):
    """With the range of what may be behind so few failures, as far as the window reaches."""
    counts = {"5m": (100_000 - failed, 100_000), "30d": (30_000_000 - before, 30_000_000)}

    assert said == outlook_of(make_slo(), counts)


def test_a_budget_that_lasts_exactly_its_window_is_empty_then(make_slo):
    """A burn of 1x and nothing spent: empty in 30 d, as the sentence on burn rates promises."""
    assert "the budget is empty in 30 d (" in outlook_of(
        make_slo(), {"5m": (99_990, 100_000), "30d": (120_000, 120_000)}
    )


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (1.0, "more than 99 %"), (0.991, "more than 99 %"), (0.99, "99 %"), (0.6199, "61 %"), (0.01, "1 %"),
        (0.00995, "less than 1 %"), (0.0, "less than 1 %"),
    ],
)  # fmt: skip
def test_a_chance_is_never_said_to_be_certain(make_slo, kept, said):
    """Neither that the promise is kept nor that it is broken: 2,000 futures are not all."""
    ends = outlook_of(make_slo(), {}, Chance(kept, int(NOW) + 30 * DAY, 21 * DAY))

    assert ends == f"If it goes on as in the last 21 d, the promise is kept over the next 30d with a chance of {said}."


def test_a_calendars_chance_is_of_its_period(make_slo):
    """The promise is kept or broken when the month ends."""
    ends = outlook_of(make_slo(window=MONTH), {}, Chance(0.5, int(NOW) + DAY, 21 * DAY))

    assert ends.endswith("the promise is kept at the end of this month with a chance of 50 %.")
