"""CloudWatch's embedded metrics: what they say, within the format's limits."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.instrumentation.counts.point import Point
from fournines.instrumentation.emf.lines import (  # fmt: skip
    LARGEST_EVENT,
    MOST_VALUES,
    Directive,
    EmfMetric,
    Spread,
    is_bad,
    lines,
    parts,
    spread,
)

BOUNDS = (0.1, 0.2, 1.0)
AT = 1_795_360_141.5
DIRECTIVE = Directive("shop", [["service.name"], ["service.name", "http.route"]])


@pytest.mark.parametrize(
    ("status", "error", "bad"),
    [
        (200, None, False), (404, None, False), (499, None, False), (429, None, False), (500, "500", True), (503, None, True),
        (200, "ValueError", True), (404, "404", False), (404, "X", True), (499, "X", False),
    ],
)  # fmt: skip
def test_an_error_is_what_availability_counts_as_bad(status, error, bad):
    """A 5xx, or an error that does more than repeat its 4xx."""
    assert is_bad(status, error) is bad


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any), st.floats(0, 1e9))
@settings(deadline=None)
def test_a_spread_lies_where_its_buckets_are(counts, seconds):
    """Each value within its bucket, each count the bucket's, the total the sum that was measured."""
    found = spread(Point(("POST", "https", None, 200, None, "1.1"), tuple(counts), seconds, ()), BOUNDS)
    edges = [0.0, *BOUNDS, float("inf")]
    slots = [slot for slot, count in enumerate(counts) if count]

    assert found.counts == tuple(counts[slot] for slot in slots)
    assert all(edges[slot] <= value <= edges[slot + 1] for slot, value in zip(slots, found.values, strict=True))
    assert found.total == seconds


def test_no_directive_has_more_metrics_than_it_may():
    """A hundred to an event; the rest in the next ones, none lost, none twice; two of one name never in one."""
    metrics = [EmfMetric(f"m{number % 240}", "None", number) for number in range(250)]
    events = [json.loads(line) for line in lines(DIRECTIVE, {"service.name": "a"}, AT, metrics)]
    said = [
        (each["Name"], event[each["Name"]])
        for event in events
        for each in event["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    ]

    assert max(len(event["_aws"]["CloudWatchMetrics"][0]["Metrics"]) for event in events) == 100
    assert sorted(said) == sorted((metric.name, metric.value) for metric in metrics)


def test_no_event_is_larger_than_it_may_be():
    """A hundred metrics of long names and values are more events, until each fits."""
    metrics = [
        EmfMetric(f"{number}" + "n" * 250, "None", Spread((1 / 3,) * 100, (10**9,) * 100, 1.0)) for number in range(400)
    ]
    made = list(lines(DIRECTIVE, {"service.name": "a", "big": "x" * 1_000}, AT, metrics))

    assert max(map(len, made)) <= LARGEST_EVENT
    assert sum(len(json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Metrics"]) for line in made) == 400


def test_no_metric_has_more_values_than_it_may():
    """What has more buckets is said in parts, whose totals are the whole's."""
    whole = Spread(tuple(float(number) for number in range(250)), (1,) * 250, 40_000.0)
    pieces = list(parts(whole))

    assert [len(piece.values) for piece in pieces] == [MOST_VALUES, MOST_VALUES, 50]
    assert sum(piece.total for piece in pieces) == pytest.approx(whole.total)


def test_dimensions_are_what_cloudwatch_takes():
    """Thirty to a set; a set that lacks one is left out; values ASCII, not blank, no colon first, not too long."""
    many = [f"d{number}" for number in range(40)]
    fields = {**dict.fromkeys(many, "v"), "bad": " \u2003", "colon": "::a", "long": "x" * 5_000, "umlaut": "ü"}
    directive = Directive("n", [many, ["bad"], ["colon", "long"], ["nowhere"]])
    (line,) = lines(directive, fields, AT, [EmfMetric("m", "Count", 1)])
    said = json.loads(line)

    sets = said["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    assert sets == [many[:30], ["colon", "long"]]
    assert (said["colon"], len(said["long"]), said["umlaut"]) == ("a", 1_024, "\\xfc")
    assert "bad" not in said
