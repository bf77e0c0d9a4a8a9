"""What is to come: how long budgets last, and which promises are kept."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from fournines.slo import (
    DAY,
    HOUR,
    SLI,
    SLO,
    SLOS,
    CalendarWindow,
    Composite,
    EventCount,
    FakeEventSource,
    HistoryPoint,
    Interval,
    Member,
    Method,
    Objective,
    Rule,
    Slices,
    SLIKind,
    Window,
    chance,
    evaluate,
    exhaustion,
    explain,
    foresee,
    outlook,
)
from fournines.slo.forecast import share_kept

NOW = 1_795_317_165.0
HOUR_BEGUN = int(NOW) // HOUR * HOUR
NAME = "payments-availability"


def seen(slo, counts=None, points=()):
    """An SLO's status over counts by window (1,000 good of 1,000 in the others), and the source of it."""
    source = FakeEventSource(
        lambda _, window: EventCount(*(counts or {}).get(str(window), (1_000, 1_000))), points={slo.name: points}
    )
    return evaluate([slo], source, NOW).status(0), source


def days(*failed, total=10_000, step=DAY):
    """The last days (or steps), the newest last: so many of the events of each failed."""
    first = HOUR_BEGUN - len(failed) * step
    return [HistoryPoint(first + number * step, total - bad, total) for number, bad in enumerate(failed) if total]


def test_a_budgets_end_has_a_range(make_slo):
    """Three failures may be luck: by rates between 0.82 and 7.75 the budget lasts as much longer and shorter."""
    status, _ = seen(make_slo(), {"5m": (999_997, 1_000_000), "30d": (2_999_850, 3_000_000)})
    found = exhaustion(status)

    assert (found.window, found.failed) == (Window(300), 3)
    assert status.exhausted_in_seconds / 7.7537 == pytest.approx(found.earliest / 3, rel=1e-4)
    assert status.exhausted_in_seconds / 0.8177 == pytest.approx(found.latest / 3, rel=1e-4)


def test_many_failures_leave_no_doubt(make_slo):
    """The range is narrow around what goes on."""
    status, _ = seen(make_slo(), {"5m": (900_000, 1_000_000), "30d": (10**10 - 1, 10**10)})
    found = exhaustion(status)

    assert found.earliest == pytest.approx(float(status.exhausted_in_seconds), rel=0.01)
    assert found.latest == pytest.approx(float(status.exhausted_in_seconds), rel=0.01)


@pytest.mark.parametrize("thousands", [1, 2])
def test_no_failure_is_no_proof(make_slo, thousands):
    """Of a thousand requests of which none failed, three in a thousand may: the budget has an earliest end, and no latest."""
    found = exhaustion(seen(make_slo(target="0.999"), {"5m": (1_000 * thousands, 1_000 * thousands)})[0])

    assert found.latest is None
    assert found.earliest == pytest.approx(thousands * 30 * DAY / 2.9957, rel=1e-4)


def test_a_rate_seen_for_a_minute_is_that_of_a_minute(make_slo):
    """An SLO younger than the window it burns in burns as fast as it did while it was watched."""
    counts = {"5m": (990, 1_000), "30d": (990, 1_000)}
    source = FakeEventSource(
        lambda _, window: EventCount(*counts.get(str(window), (990, 1_000))), since={NAME: int(NOW) - 60}
    )
    status = evaluate([make_slo(target="0.9")], source, NOW).status(0)
    found = exhaustion(status)

    assert found.earliest == pytest.approx(float(status.exhausted_in_seconds) * 10 / 16.962, rel=1e-4)
    assert found.latest == pytest.approx(float(status.exhausted_in_seconds) * 10 / 5.4254, rel=1e-4)


def test_the_last_moments_of_a_budget_are_not_rounded(make_slo):
    """A budget of 1.0001 failures an hour, of which one was made, has the 0.36th of a second left, and failures come in thirds of that."""
    found = exhaustion(seen(make_slo(window=Window(HOUR), rules=()), {"1h": (10_000, 10_001)})[0])

    assert found.earliest == pytest.approx(HOUR * 0.0001 / 4.7439, rel=1e-4)


def test_what_is_over_spent_has_ended_though_nothing_fails_now(make_slo):
    """Nobody waits for the end of a budget that is empty."""
    found = exhaustion(seen(make_slo(), {"5m": (1_000, 1_000), "30d": (1, 1_000)})[0])

    assert (found.earliest, found.latest) == (0.0, 0.0)


def test_what_is_spent_has_ended(make_slo):
    """An over-spent budget ends now, at the earliest and at the latest."""
    found = exhaustion(seen(make_slo(), {"5m": (999, 1_000), "30d": (1, 1_000)})[0])

    assert (found.earliest, found.latest) == (0.0, 0.0)


def test_where_nothing_is_known_nothing_is_said(make_slo):
    """Not of silence, and not of shares, behind which nobody knows how many failures stand."""
    members = Composite(Rule.WEIGHTED, (Member("api"),))
    shares = SLO("bank", SLI(SLIKind.AVAILABILITY, "bank", signal=SLOS, composite=members), Objective(Decimal("0.999")))

    assert exhaustion(seen(make_slo(), {"5m": (0, 0)})[0]) is None
    assert exhaustion(seen(shares)[0]) is None


@pytest.mark.parametrize(("failed", "kept"), [(0, 1.0), (1, 1.0), (2, 0.0)])
def test_days_that_are_all_alike(make_slo, failed, kept):
    """A promise that each day keeps is kept, to its last event; one that each day breaks is broken."""
    status, source = seen(make_slo(), points=days(*[failed] * 20))
    found = chance(status, source)

    assert (found.kept, found.end, found.seconds) == (kept, int(NOW) + 30 * DAY, 20 * DAY)


def test_a_rare_outage_is_a_chance(make_slo):
    """One such day in sixty is missed by a future of thirty about half as often as it is met; the same past has the same answer."""
    status, source = seen(make_slo(), points=days(*[0] * 30, 100, *[0] * 29))
    kept = chance(status, source).kept

    assert 0.45 < kept < 0.65
    assert kept == chance(status, source).kept


def test_a_future_is_weeks_of_the_past():
    """Days follow one another as they did: of two that always come together a future has both, but at its edges."""
    pair = np.zeros((7, 2))
    pair[:, 1], pair[2:4, 0] = 1, 1

    assert share_kept(pair, 7.0, 7, EventCount(0, 0), Fraction(2, 7)) == 1.0
    assert share_kept(pair, 7.0, 1, EventCount(0, 0), Fraction(2, 7)) < 0.9


def test_a_calendar_counts_what_it_has(make_slo):
    """Until its period's end: what was spent in it is spent, and only what is left of it is drawn."""
    month = make_slo(window=CalendarWindow(1, "M"))
    points = days(*[0] * 30)
    fine = chance(*seen(month, {"1M": (200_000, 200_000)}, points))
    spent = chance(*seen(month, {"1M": (190_000, 200_000)}, points))

    assert (fine.kept, spent.kept) == (1.0, 0.0)
    assert fine.end == month.window.period(NOW)[1]


def test_the_rest_of_a_day_is_a_part_of_one():
    """Of two and a half days the third weighs half."""
    past = np.ones((7, 2))

    assert share_kept(past, 2.5, 7, EventCount(0, 0), Fraction(1)) == 1.0
    assert share_kept(past, 2.5, 7, EventCount(25, 25), Fraction(25, 275)) == 1.0
    assert share_kept(past, 2.5, 7, EventCount(25, 25), Fraction(24, 275)) == 0.0


def test_days_without_events_count(make_slo):
    """A day nobody called is a day: the past begins with the first event, not with what was asked for."""
    points = days(*[1] * 20)
    found = chance(*seen(make_slo(), points=[points[0], points[-1]]))

    assert found.seconds == HOUR_BEGUN - points[0].t


def test_short_windows_are_made_of_hours(make_slo):
    """A day is drawn from hours, a day of them in a row."""
    slo = make_slo(window=Window(DAY), rules=())
    found = chance(*seen(slo, points=days(*[0] * 48, step=HOUR)))

    assert (found.kept, found.seconds) == (1.0, 48 * HOUR)


@pytest.mark.parametrize(
    ("window", "back", "step"),
    [
        (Window(30 * DAY), 90 * DAY, DAY),
        (Window(7 * DAY), 21 * DAY, DAY),
        (Window(7 * DAY + 3 * HOUR), 21 * DAY, DAY),
        (Window(6 * DAY), 18 * DAY, HOUR),
        (Window(200 * DAY), 400 * DAY, DAY),
    ],
)
def test_which_past_is_asked_for(make_slo, window, back, step):
    """Three windows of it, as far as counts are kept: whole days, hours for windows shorter than a week, up to the hour that has begun."""
    asked = []
    status, source = seen(make_slo(window=window, rules=()))
    source = SimpleNamespace(observe=source.observe, history=lambda *question: asked.append(question) or [])

    assert chance(status, source) is None
    assert asked == [(NAME, Interval(HOUR_BEGUN - back, HOUR_BEGUN), step)]


@pytest.mark.parametrize(("window", "step", "enough"), [(30 * DAY, DAY, 7), (DAY, HOUR, 24)])
def test_how_much_past_has_a_future(make_slo, window, step, enough):
    """A week of days, a day of hours, and not one less."""
    slo = make_slo(window=Window(window), rules=())

    assert chance(*seen(slo, points=days(*[0] * enough, step=step))) is not None
    assert chance(*seen(slo, points=days(*[0] * (enough - 1), step=step))) is None


def test_a_future_begins_anywhere_in_the_past():
    """Each step of it as often as any other, and goes on as the past did."""
    halves = np.array([(1, 1), (0, 1)], float)
    rising = np.array([(0, 2), (1, 2), (2, 2)], float)

    assert share_kept(halves, 1.0, 1, EventCount(0, 0), Fraction(0)) == pytest.approx(0.5, abs=0.05)
    assert share_kept(rising, 1.5, 2, EventCount(0, 0), Fraction(2, 3)) == 1.0
    assert share_kept(halves[:1], 1.0, 1, EventCount(0, 0), Fraction(1)) == 1.0


def test_a_rolling_window_begins_anew(make_slo):
    """Of a rolling window nothing that is in it now is left when the next one ends: what comes breaks it by half an event."""
    spent = chance(*seen(make_slo(), {"30d": (0, 10**9)}, days(*[0] * 20)))
    broken = chance(*seen(make_slo(target="0.999"), points=days(*[1] * 20, total=983)))

    assert (spent.kept, broken.kept) == (1.0, 0.0)


def test_the_day_that_has_begun_is_part_of_what_is_left(make_slo):
    """Of a period with eight days and a part to go, the part is drawn too: here it is what breaks the promise."""
    month = make_slo(target="0.9", window=CalendarWindow(1, "M"))
    whole = month.window.ahead(NOW) // DAY
    bad = [HistoryPoint(HOUR_BEGUN - day * DAY, 0, 1) for day in range(20, 0, -1)]

    assert month.window.ahead(NOW) / DAY > whole + 1 / 9
    assert chance(*seen(month, {"1M": (9 * whole, 9 * whole)}, bad)).kept == 0.0
    assert chance(*seen(month, {"1M": (9 * whole + 9, 9 * whole + 9)}, bad)).kept == 1.0


def test_too_little_past_has_no_future(make_slo):
    """Less than a week tells nothing of a month; slices have no history of their own."""
    sliced = make_slo(method=Method.TIMESLICES, slices=Slices(Decimal(1), Window(HOUR)), rules=())

    assert chance(*seen(make_slo(), points=days(*[0] * 6))) is None
    assert chance(*seen(make_slo())) is None
    assert chance(*seen(sliced, points=days(*[0] * 20))) is None


def test_it_is_said(make_slo):
    """How long the budget lasts, how sure that is, and which chance the promise has; the last line of the explanation."""
    counts = {"5m": (999_990, 1_000_000), "30d": (10**9 - 1_000, 10**9)}
    status, source = seen(make_slo(target="0.99999"), counts, days(*[0] * 20))
    found = chance(status, source)

    assert outlook(status, found) == (
        "In the last 5m 10 requests failed: if that goes on the budget is empty in 27 d (9 times in 10: 15 d 22 h or longer). "
        "If it goes on as in the last 20 d, the promise is kept over the next 30d with a chance of more than 99 %."
    )
    assert explain(status, None, found).splitlines()[-1] == outlook(status, found)


def test_it_is_json(make_slo):
    """Numbers as numbers, null where nothing is known."""
    status, source = seen(make_slo(), {"5m": (0, 0)}, days(*[0] * 20))

    assert foresee(status, chance(status, source)) == {
        "window": None,
        "failed": None,
        "exhausted_earliest_seconds": None,
        "exhausted_latest_seconds": None,
        "confidence": 0.9,
        "kept_probability": 1.0,
        "kept_until": "2026-12-22T03:12:45Z",
        "history_seconds": 20 * DAY,
    }
