"""What v1alpha has of its own: windows of a unit and a count, and metrics within objectives."""

from __future__ import annotations

from datetime import datetime

import pytest
import yaml

from fournines.slo import CalendarWindow, Queries, SLIKind

EVENTS = {"source": "fournines", "queryType": "signal", "query": "spans"}
ASKED = {"source": "prometheus", "queryType": "promql", "query": "sum(all)"}
ROLLING = {"unit": "Day", "count": 28, "isRolling": True}
CALENDAR = {"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"}


def of(good, total, **more):
    return {"target": 0.9, "ratioMetrics": {"good": good, "total": total} | more}


def an_slo(*objectives, window=ROLLING, **more):
    """An SLO with those objectives."""
    objectives = [{"displayName": f"o{number}"} | each for number, each in enumerate(objectives)]
    spec = {
        "service": "web",
        "timeWindows": [window],
        "budgetingMethod": "Occurrences",
        "objectives": objectives,
    } | more
    return yaml.safe_dump({"apiVersion": "openslo/v1alpha", "kind": "SLO", "metadata": {"name": "web"}, "spec": spec})


MEASURED = {"indicator": {"thresholdMetric": EVENTS}}
LIMIT = {"target": 0.9, "op": "lte", "value": 0.2}
ONE_SOURCE = "`good` and `total` are asked of one source, and of type fournines for one signal"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (an_slo(of(EVENTS | {"query": "a b"}, EVENTS)), "`query` 'a b' is no signal;"),
        (an_slo(of(ASKED, EVENTS)), ONE_SOURCE),
        (an_slo(of(EVENTS, ASKED)), ONE_SOURCE),
        (an_slo(of(EVENTS | {"query": "xray"}, EVENTS)), ONE_SOURCE),
        (an_slo(LIMIT, indicator={"thresholdMetric": ASKED | {"query": "rate(a[$window])"}}), "a threshold's query is asked every 1m"),
        (an_slo(of(EVENTS, EVENTS), LIMIT, **MEASURED), "needs one of `indicator` and `ratioMetrics` in the objectives, not both"),
        (an_slo(of(EVENTS, EVENTS), LIMIT), "needs an `indicator`, or `ratioMetrics` in each of its objectives"),
        (an_slo(of(EVENTS, EVENTS), window=ROLLING | {"calendar": CALENDAR}), "a rolling window has no `calendar`"),
        (an_slo(of(EVENTS, EVENTS), window={"unit": "Day", "count": 28}), "needs `isRolling: true`, or a `calendar`"),
        (an_slo(of(EVENTS, EVENTS), window=ROLLING | {"count": 500}), "a window spans 10s to 400d"),
        (an_slo(of(EVENTS, EVENTS), window={"unit": "Second", "count": 60, "calendar": CALENDAR}), "a calendar's window is of days"),
        (an_slo(of(EVENTS, EVENTS), window=ROLLING | {"count": 0}), "Input should be greater than or equal to 1"),
        (an_slo(of(EVENTS, EVENTS), window=ROLLING | {"count": 1_000_000}), "Input should be less than or equal to 999999"),
    ],
)  # fmt: skip
def test_faults(faults_of, text, said):
    """Each is said once."""
    (fault,) = faults_of(text)

    assert said in fault


@pytest.mark.parametrize(("unit", "letter"), [("Day", "d"), ("Week", "w"), ("Month", "M"), ("Quarter", "Q")])
def test_calendars(load, unit, letter):
    """A window that does not say that it rolls is of a calendar."""
    (slo,) = load(an_slo(of(EVENTS, EVENTS), window={"unit": unit, "count": 2, "calendar": CALENDAR}))

    assert isinstance(slo.window, CalendarWindow)
    assert str(slo.window) in (f"2{letter}", "14d")
    assert slo.window.start == datetime.fromisoformat("2026-01-01")


@pytest.mark.parametrize(("said", "counter"), [({}, False), ({"incremental": True}, True)])
def test_ratios_that_are_asked_for(load, said, counter):
    """Of two queries, which only grow where that is said."""
    (slo,) = load(an_slo(of(ASKED | {"query": "sum(good)"}, ASKED, **said)))

    assert slo.sli.promql == Queries(good="sum(good)", total="sum(all)", counter=counter)


def test_thresholds(load):
    """Of events that are counted as of values that are asked for."""
    (counted,) = load(an_slo(LIMIT, **MEASURED))
    (asked,) = load(an_slo(LIMIT, indicator={"thresholdMetric": ASKED}))

    assert (counted.sli.kind, counted.sli.signal, counted.sli.promql) == (SLIKind.LATENCY, "spans", None)
    assert asked.sli.promql is not None
