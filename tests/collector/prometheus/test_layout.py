"""Whole scrapes as arrays: the same points as those made row by row."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.collector.columns import Wanted
from fournines.collector.prometheus.layout import ScrapeLayout
from fournines.collector.prometheus.points import joined, points_of
from fournines.collector.prometheus.rows import PartSample, Row
from fournines.collector.prometheus.translation import Translation

TRANSLATION = Translation(Wanted(frozenset({"route"}), frozenset({"wait", "orders"})))
VALUE = st.sampled_from([0.0, 1.0, 2.0, 2.5, 7.0, 2.0**53, -1.0, 2.0**54, float("inf")]) | st.integers(0, 9).map(float)
BOUNDS = st.sampled_from([("+Inf",), ("0.1", "+Inf"), ("0.1", "0.25", "+Inf"), ("5", "10", "+Inf")])


def series(name, **labels):
    """A series that matters."""
    return TRANSLATION.series(tuple(sorted({"__name__": name, "job": "a", **labels}.items())))


MEMBERS = st.lists(BOUNDS, min_size=1, max_size=4)


def told(points):
    """Points in no order, in plain values."""
    rows = zip(
        points.resource.tolist(), points.label.tolist(), points.name.tolist(), points.bound.tolist(),
        points.kind.tolist(), points.temporality.tolist(), points.monotonic.tolist(), points.start.tolist(),
        points.end.tolist(), points.count.tolist(), points.value.tolist(), points.no_recorded_value.tolist(),
        points.stream.tolist(), strict=True,
    )  # fmt: skip
    buckets = [points.buckets[first:last].tolist() for first, last in pairwise(points.offset.tolist())]
    return sorted(
        repr((points.resources[resource], points.labels[label], points.names[name], points.bounds[bound], events, rest))
        for (resource, label, name, bound, *rest), events in zip(rows, buckets, strict=True)
    ), points.skipped


def scraped(bounds, counters, milliseconds):
    """The series of a family, part by part and by member."""
    name = "wait_milliseconds" if milliseconds else "wait"
    members = [
        [series(f"{name}_bucket", le=le, route=f"/{i % 2}", i=str(i)) for le in of] for i, of in enumerate(bounds)
    ]
    return members + [[series(name, c=str(i), route="/")] for i in range(counters)]


@given(MEMBERS, st.integers(0, 2), st.booleans(), st.data())
def test_a_whole_scrape_is_the_points_of_its_rows(bounds, counters, milliseconds, data):
    """Whatever is said: falling buckets, no number of events, starts that can't be, and series in any order."""
    members = scraped(bounds, counters, milliseconds)
    flat = [one for member in members for one in member]
    values = data.draw(st.lists(VALUE, min_size=len(flat), max_size=len(flat)))
    starts = data.draw(st.lists(st.sampled_from([0, 500, 2000]), min_size=len(flat), max_size=len(flat)))
    order = data.draw(st.permutations(range(len(flat))))
    said = {id(one): PartSample(one, value, start) for one, value, start in zip(flat, values, starts, strict=True)}
    rows = [Row(1000, [said[id(one)] for one in member]) for member in members]
    layout = ScrapeLayout.of(flat)
    came = [said[id(flat[place])] for place in order]

    at = layout.arranged(np.array([id(one.series) for one in came]))
    points = layout.points(1000, np.array([one.value for one in came])[at], np.array([one.start for one in came])[at])

    assert told(points_of(rows, {})) == told(points)
    heart = series("up")
    assert told(points_of(rows + rows, {heart: 7})) == told(joined([points_of(rows, {heart: 7}), points]))


def test_what_is_not_all_there_has_no_layout():
    """A histogram without +Inf, and a name that is a counter and a histogram at once."""
    assert ScrapeLayout.of([series("wait_bucket", le="1")]) is None
    assert ScrapeLayout.of([series("wait_bucket", le="+Inf"), series("wait")]) is None
    assert ScrapeLayout.of([series("wait_bucket", le="+Inf"), series("wait_bucket", le="Inf")]) is None


@pytest.mark.parametrize("change", [lambda ids: ids[1:], lambda ids: [*ids[1:], 5], lambda ids: [ids[0], *ids[:-1]]])
def test_other_series_are_not_arranged(change):
    """Fewer, others, or one twice."""
    layout = ScrapeLayout.of([one for member in scraped([("0.1", "+Inf")], 1, milliseconds=False) for one in member])

    assert layout.arranged(np.array(change(layout.identity.tolist()))) is None
