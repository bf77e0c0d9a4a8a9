"""SLOs that can't be made of others as they say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fournines.slo import (
    DAY,
    HOUR,
    PROMQL,
    SLI,
    SLO,
    SLOS,
    Composite,
    Member,
    Method,
    Objective,
    Place,
    Queries,
    Rule,
    Slices,
    SLIKind,
    Window,
)
from fournines.slo.openslo.circles import asked_members, circles, misfits, without_slices

PROMISED, HERE = Objective(Decimal("0.99")), Place("slos.yaml", 4)


def plain(name="plain", **fields):
    return SLO(name, SLI(SLIKind.AVAILABILITY, "bank"), PROMISED, place=HERE, **fields)


def made(name, rule, *members, **fields):
    sli = SLI(SLIKind.AVAILABILITY, "bank", SLOS, composite=Composite(rule, tuple(map(Member, members))))
    sliced = {} if rule is Rule.WEIGHTED else {"method": Method.TIMESLICES, "slices": Slices(None)}
    return SLO(name, sli, PROMISED, place=HERE, **sliced, **fields)


ASKED = SLO("asked", SLI(SLIKind.AVAILABILITY, "bank", PROMQL, promql=Queries(raw="failures")), PROMISED)
HOURLY = plain(method=Method.TIMESLICES, slices=Slices(Decimal("0.9"), Window(HOUR)), window=Window(90 * DAY), rules=())
MEAN = made("mean", Rule.WEIGHTED, "plain")


@pytest.mark.parametrize(
    ("judge", "slos", "said"),
    [
        (circles, [made("a", Rule.ALL, "b"), made("b", Rule.ALL, "a")],
         ["is made of itself: a -> b -> a", "is made of itself: b -> a -> b"]),
        (circles, [plain(depends_on=("plain",))], ["depends on itself: plain -> plain"]),
        (circles, [plain(), MEAN], []),
        (without_slices, [made("both", Rule.ALL, "mean", "plain"), MEAN, plain()],
         ["can't have mean as a member: it is weighted, and has no slices that are good or bad"]),
        (without_slices, [made("both", Rule.ANY, "inner"), made("inner", Rule.ALL, "plain"), plain()], []),
        (asked_members, [made("mix", Rule.WEIGHTED, "asked", "plain"), ASKED, plain()],
         ["is made without asked, which is asked for in PromQL: composites are made of what is counted here"]),
        (misfits, [MEAN, HOURLY], ["can't have plain as a member: a slice of 1h is longer than the window of 5m"]),
        (misfits, [made("outer", Rule.WEIGHTED, "mean"), replace(MEAN, rules=(), place=None), HOURLY],
         ["can't have plain as a member: a slice of 1h is longer than the window of 5m"]),
        (misfits, [replace(MEAN, rules=(), place=None), made("outer", Rule.WEIGHTED, "mean"), HOURLY],
         ["can't have plain as a member: a slice of 1h is longer than the window of 5m"]),
        (misfits, [made("outer", Rule.WEIGHTED, "inner"), made("inner", Rule.ALL, "plain", rules=()), HOURLY], []),
        (misfits, [made("each", Rule.ALL, "plain"), HOURLY], []),
        (misfits, [HOURLY], []),
    ],
)  # fmt: skip
def test_what_does_not_go_together(judge, slos, said):
    """It is said where it stands; what fits, or counts in its own slices, is left in peace."""
    assert said == [fault.message for fault in judge(slos)]
    assert {(fault.file, fault.line) for fault in judge(slos)} <= {("slos.yaml", 4)}


@pytest.mark.parametrize("judge", [circles, without_slices, asked_members, misfits])
def test_what_stands_in_no_file_is_nobodys_fault(judge):
    """Automatic SLOs, and those that services declare, are not judged by whoever reads files."""
    slos = [made("a", Rule.ALL, "a", "mean", "asked"), made("b", Rule.WEIGHTED, "plain", "asked"), MEAN, HOURLY, ASKED]

    assert [*judge(slos)] != []
    assert [*judge([replace(slo, place=None) for slo in slos])] == []
