"""Where the indicators of an SLO stand: above its objectives, or in each of them."""

from __future__ import annotations

import pytest
import yaml

EVENTS = {"metricSource": {"type": "fournines", "spec": {"signal": "spans"}}}
INLINE = {"indicator": {"metadata": {"name": "web"}, "spec": {"ratioMetric": {"good": EVENTS, "total": EVENTS}}}}
SHARED = {"indicatorRef": "requests"}
KEYS = "`indicator` and `indicatorRef`"


def objects(own, *objectives):
    """An SLO with those objectives, and an SLI to refer to."""
    named = [{"displayName": f"o{number}", "target": 0.9} | each for number, each in enumerate(objectives)]
    spec = {"service": "web", "budgetingMethod": "Occurrences", "objectives": named} | own
    slo = {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "web"}, "spec": spec}
    sli = {
        "apiVersion": "openslo/v1",
        "kind": "SLI",
        "metadata": {"name": "requests"},
        "spec": INLINE["indicator"]["spec"],
    }
    return yaml.safe_dump_all([slo, sli])


@pytest.mark.parametrize(
    ("own", "objectives", "said"),
    [
        ({}, [{}, {}], f"needs one of {KEYS}, here or in each of its objectives"),
        (INLINE | SHARED, [{}], f"needs one of {KEYS}, not both"),
        (INLINE, [INLINE, INLINE], f"has {KEYS} either here or in its objectives, not both"),
        (SHARED, [SHARED], f"has {KEYS} either here or in its objectives, not both"),
        ({}, [INLINE, {}], f"`objectives[1]` needs one of {KEYS}, as the other objectives have"),
        ({}, [SHARED, INLINE | SHARED], f"`objectives[1]` needs one of {KEYS}, not both"),
        (INLINE, [{"compositeWeight": 2}, {}], f"`compositeWeight` belongs to objectives that each have one of {KEYS}"),
    ],
)
def test_indicators_stand_in_one_place(faults_of, own, objectives, said):
    """And what is wrong with that is said once, with what would be right."""
    (fault,) = faults_of(objects(own, *objectives))

    assert fault.endswith(f": {said}")


@pytest.mark.parametrize("each", [INLINE, SHARED])
def test_objectives_with_indicators_make_a_composite(load, each):
    """Whether they are written there or referred to."""
    assert [slo.name for slo in load(objects({}, each, each))] == ["web-o0", "web-o1", "web"]
