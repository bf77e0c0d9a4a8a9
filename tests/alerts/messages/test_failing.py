"""What fails, what changed and an example, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fournines.alerts.messages.context import Context, Rollout
from fournines.alerts.messages.failing import changed, cost, example, fails
from fournines.slo import EventCount, Interval

NAME = "payments-availability"


@pytest.fixture
def context(known):
    return known.known[NAME]


def test_the_largest_causes_come_first_each_with_its_share(context, start):
    """Share and number add up to what failed; a status that is also the error is said once."""
    assert fails(context, start) == (
        "/pay, status 500, timeout, version 1.4.2 (96 %, 1,204); /cards, status 502 (3 %, 38); "
        "requests that say nothing of themselves (under 1 %, 12); most on pod-2 (60 %, 753); "
        "of 1,254 requests that failed since 07:55:00 UTC"
    )


def test_one_instance_that_has_all_of_it_is_named(context, start):
    """The on-call sees at once that one machine is ill."""
    assert "; all on pod-1; " in fails(replace(context, instances={"pod-1": 1_254}), start)
    assert "on " not in fails(replace(context, instances={}), start).replace("version", "")


def test_nothing_is_said_of_what_nobody_knows(start):
    """No failure, no deployment, no trace: no words."""
    nothing = Context(Interval(0, 60))

    assert ("", "", "") == (fails(nothing, start), changed(None, start), example(None, start))
    assert fails(replace(nothing, failed=3), start) == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "version 1.4.2, began to go out 2m 45s before it fired, not finished yet"),
        (
            {"author": "ann", "commit": "9fceb02", "ended": 60.0},
            "version 1.4.2 by ann, began to go out 2m 45s before it fired, finished, commit 9fceb02",
        ),
        (
            {"ended": 60.0, "rolled_back": 90.0},
            "version 1.4.2, began to go out 2m 45s before it fired, rolled back since",
        ),
    ],
)
def test_a_deployment_is_told_with_its_distance(start, more, said):
    """How long before the alert it began, and what became of it."""
    assert said == changed(Rollout("1.4.2", start - 165, **more), start)


def test_a_deployment_after_the_alert_is_said_to_be_after_it(start):
    """The fix that goes out is not taken for the cause."""
    assert "began to go out 1m after it fired" in changed(Rollout("1.4.3", start + 60), start)


def test_a_trace_is_told_by_its_id_and_what_it_shows(context, start):
    """Whoever has no link can still ask for it."""
    assert "4bf92f3577b34da6a3ce929d0e0e4736 (/pay, status 500, 07:59:56 UTC)" == example(context.example, start)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (0, "0 requests failed since 07:55:00 UTC"),
        (1, "1 request failed since 07:55:00 UTC: 0.1 % of the budget (100ms of outage)"),
        (5_184, "5,184 requests failed since 07:55:00 UTC: 200 % of the budget (8m 39s of outage)"),
    ],
)
def test_what_was_spent_is_rounded_up(context, status, bad, said):
    """Nothing costs less than it did."""
    counted = replace(context, counted=EventCount(10_000 - bad, 10_000))

    assert said == cost(status(), counted)


def test_where_nobody_counted_nothing_is_said_of_the_cost(context, status):
    """Slices, and what an engine counts."""
    assert "" == cost(status(), replace(context, counted=None))
