"""One SLO as the API says it."""

from __future__ import annotations

import json

import pytest

from fournines.slo import (
    FIRST_MONDAY,
    PARTS,
    Chance,
    EventCount,
    Method,
    Slices,
    Window,
    evaluate,
    exhaustion,
    foresee,
    parse_window,
    summarise,
    timestamp,
)

NOW = 1_795_317_165.0
COUNTS = {
    "5m": EventCount(997_900, 1_000_000), "30m": EventCount(998_800, 1_000_000), "1h": EventCount(998_480, 1_000_000),
    "2h": EventCount(999_240, 1_000_000), "6h": EventCount(999_750, 1_000_000), "1d": EventCount(999_890, 1_000_000),
    "3d": EventCount(999_900, 1_000_000), "30d": EventCount(119_880, 120_000),
}  # fmt: skip


@pytest.fixture
def said(make_slo, stated_counts):
    counts = {"payments-availability": {Window.parse(text): count for text, count in COUNTS.items()}}
    source = stated_counts(counts=counts, heard={"payments-availability": NOW - 3.125})
    status = evaluate([make_slo()], source, NOW).status(0)
    return summarise(status, NOW - 5, [{"severity": "page", "state": "firing", "since": timestamp(NOW)}])


def test_the_whole_object(said):
    """Every key, every number as a number, none of them rounded."""
    assert said == {
        "name": "payments-availability",
        "service": "payments",
        "objective": "0.9999",
        "window": "30d",
        "method": "Occurrences",
        "unit": "events",
        "origin": "file",
        "group_of": None,
        "signal": "http.server.request.duration",
        "state": "burning",
        "since": "2026-11-22T03:12:40Z",
        "reason": "1h and 5m burn above 14.4",
        "data_age_seconds": 3.125,
        "coverage": 1.0,
        "events": {"good": 119880, "total": 120000, "estimated_bad": 0},
        "budget": {
            "allowed_events": 12.0,
            "spent_events": 120,
            "remaining_ratio": -9.0,
            "remaining_events": -108.0,
            "remaining_seconds": -2332.8,
            "exhausted_in_seconds": 0,
        },
        "more_budgets": {},
        "burn_rates": {"5m": 21.0, "30m": 12.0, "1h": 15.2, "2h": 7.6, "6h": 2.5, "1d": 1.1, "3d": 1.0, "30d": 10.0},
        "alerts": [{"severity": "page", "state": "firing", "since": "2026-11-22T03:12:45Z"}],
    }


def test_windows_are_said_shortest_first(said):
    """The burn rates stand in the order of their windows."""
    assert list(said["burn_rates"]) == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]


def test_it_is_json(said):
    """It is JSON without not-a-number, and survives it."""
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_whole_events_are_whole_numbers(said):
    """Nobody reads of 119,880.0 requests."""
    assert json.dumps(said["events"]) == '{"good": 119880, "total": 120000, "estimated_bad": 0}'
    assert json.dumps(said["budget"]["spent_events"]) == "120"


def test_a_group_says_whose_it_is(make_slo, stated_counts):
    """By the name of the SLO that declares it."""
    status = evaluate([make_slo(group_of="payments")], stated_counts({}), NOW).status(0)

    assert summarise(status, NOW)["group_of"] == "payments"


def test_a_forecast(make_slo, stated_counts):
    """In which window it was seen, how many failed, from when to when the budget ends, and with which chance the promise is kept."""
    counts = {Window.parse("5m"): EventCount(99_990, 100_000), Window.parse("30d"): EventCount(120_000, 120_000)}
    status = evaluate([make_slo()], stated_counts({"payments-availability": counts}), NOW).status(0)
    found = exhaustion(status)

    assert foresee(status, Chance(0.25, int(NOW) + 86_400, 604_800)) == {
        "window": "5m",
        "failed": 10.0,
        "exhausted_earliest_seconds": found.earliest,
        "exhausted_latest_seconds": found.latest,
        "confidence": 0.9,
        "kept_probability": 0.25,
        "kept_until": "2026-11-23T03:12:45Z",
        "history_seconds": 604_800,
    }
    assert 0 < found.earliest < 30 * 86_400 < found.latest


def test_a_forecast_of_nothing(make_slo, stated_counts):
    """Without traffic, and without a chance, there is only the confidence that ranges would have."""
    said = foresee(evaluate([make_slo()], stated_counts({}), NOW).status(0), None)

    assert {key for key, value in said.items() if value is not None} == {"confidence"}


def test_parts_are_said_as_slices(make_slo, stated_counts):
    """Where slices are good in part, their numbers have decimals; further budgets stand under their windows."""
    week, slices = parse_window("1w", FIRST_MONDAY), Slices(None, Window.parse("1h"))
    slo = make_slo(target="0.9", method=Method.RATIO_TIMESLICES, slices=slices, rules=(), more_windows=(week,))
    counts = {slo.window: EventCount(718 * PARTS + PARTS // 2, 720 * PARTS), week: EventCount(100 * PARTS, 100 * PARTS)}
    said = summarise(evaluate([slo], stated_counts({slo.name: counts}), NOW).status(0), NOW)

    assert (said["method"], said["unit"]) == ("RatioTimeslices", "parts")
    assert said["events"] == {"good": 718.5, "total": 720, "estimated_bad": 0}
    assert (said["budget"]["allowed_events"], said["budget"]["spent_events"]) == (72, 1.5)
    assert said["more_budgets"].keys() == {"1w"}
    assert said["more_budgets"]["1w"]["remaining_ratio"] == 1
    assert said["more_budgets"]["1w"]["remaining_seconds"] == 7 * 86_400 / 10
    assert json.loads(json.dumps(said)) == said


def test_null_where_there_is_nothing_to_say(make_slo, stated_counts):
    """Never heard, no traffic: null, not zero and not a sentinel."""
    name = "payments-availability"
    source = stated_counts({}, since={name: -1}, heard={name: float("nan")})
    said = summarise(evaluate([make_slo()], source, NOW).status(0), NOW)

    assert said["data_age_seconds"] is None
    assert said["budget"]["exhausted_in_seconds"] is None
    assert set(said["burn_rates"].values()) == {None}
    assert (said["coverage"], said["alerts"]) == (0.0, [])


@pytest.mark.parametrize(("seconds", "text"), [(0, "1970-01-01T00:00:00Z"), (NOW + 0.9, "2026-11-22T03:12:45Z")])
def test_timestamps(seconds, text):
    """Moments are RFC 3339 in UTC, whole seconds, cut."""
    assert timestamp(seconds) == text
