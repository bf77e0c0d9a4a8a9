"""From what a file says to promises: a mistake is said once, where it was made."""

from __future__ import annotations

import pytest
import yaml

from fournines.slo import Fault, SpecError

SIGNAL = "http.server.request.duration"


def source(**spec):
    return {"metricSource": {"type": "fournines", "spec": {"signal": SIGNAL} | spec}}


RATIO = {"ratioMetric": {"good": source(), "total": source()}}
QUERY = {"thresholdMetric": {"metricSource": {"type": "prometheus", "spec": {"query": "queue_length"}}}}


def an_slo(metric, *objectives, method="Occurrences", name="web"):
    """An SLO object with those objectives."""
    inline = {"indicator": {"metadata": {"name": name}, "spec": metric}} if metric else {}
    spec = {"service": "web", **inline, "budgetingMethod": method, "objectives": list(objectives)}
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": name}, "spec": spec}


def an_sli(name="requests", metric=RATIO):
    return {"apiVersion": "openslo/v1", "kind": "SLI", "metadata": {"name": name}, "spec": metric}


@pytest.fixture
def faults(load):
    """What is wrong with objects: paths and messages."""

    def said(*objects) -> list[Fault]:
        with pytest.raises(SpecError) as caught:
            load(yaml.safe_dump_all(objects, sort_keys=False))
        return list(caught.value.faults)

    return said


@pytest.mark.parametrize(
    ("metric", "objective", "method", "path"),
    [
        (RATIO, {"target": 0.9, "timeSliceWindow": "1m"}, "Timeslices", "timeSliceTarget"),
        (RATIO, {"target": 0.9, "timeSliceTarget": 0.9, "timeSliceWindow": "1m"}, "RatioTimeslices", "timeSliceTarget"),
        (QUERY, {"target": 0.9, "value": 5}, "Occurrences", "op"),
        (QUERY, {"target": 0.9, "op": "lte"}, "Occurrences", "value"),
    ],
)
def test_what_an_objective_lacks_is_one_fault(faults, metric, objective, method, path):
    """Where its key would stand, or does; nothing is said beside it of what comes of the lack."""
    (fault,) = faults(an_slo(metric, objective, method=method))

    assert fault.path == f"spec.objectives[0].{path}"


def test_two_weighed_objectives_of_one_name_are_one_fault(faults):
    """It is said of the objectives, and not once more of the promises that they would have made."""
    twice = {"displayName": "fast", "target": 0.9, "indicatorRef": "requests"}
    (fault,) = faults(an_slo(None, twice, twice), an_sli())

    assert fault.path == "spec.objectives"


def test_an_sli_that_is_not_there_is_one_fault(faults):
    """The other objectives are not held against indicators of their neighbours."""
    missing = {"displayName": "a", "target": 0.9, "op": "lte", "value": 1, "indicatorRef": "gone"}
    (fault,) = faults(an_slo(None, missing, {"displayName": "b", "target": 0.9, "indicatorRef": "requests"}), an_sli())

    assert fault.path == "spec.objectives[0].indicatorRef"


@pytest.mark.parametrize("caller", ["a-gateway", "web", "z-gateway"])
def test_a_promise_is_its_services_whoever_sees_it(load, caller):
    """Whatever the one who sends is called, before or after it in the alphabet."""
    seen = source(kind="client", signal="spans", service=caller)
    (slo,) = load(yaml.safe_dump(an_slo({"ratioMetric": {"good": seen, "total": seen}}, {"target": 0.9})))

    assert (slo.service, slo.sli.service) == ("web", caller)


def test_kinds_that_share_a_name_are_told_apart(load):
    """A policy, its condition, a target and a service may be called alike, in whatever order they stand."""
    version = {"apiVersion": "openslo/v1", "metadata": {"name": "pager"}}
    objects = [
        {"kind": "AlertPolicy", "spec": {"conditions": [{"conditionRef": "pager"}], "notificationTargets": [{"targetRef": "pager"}]}},
        {"kind": "AlertCondition", "spec": {"severity": "page", "condition": {"threshold": 10, "lookbackWindow": "1h"}}},
        {"kind": "AlertNotificationTarget", "spec": {"target": "pagerduty"}},
        {"kind": "Service", "spec": {}},
    ]  # fmt: skip
    promise = an_slo(RATIO, {"target": 0.99})
    promise["spec"]["alertPolicies"] = ["pager"]
    both = [
        load(yaml.safe_dump_all([promise, *order])) for order in (_of(version, objects), _of(version, objects[::-1]))
    ]

    assert both[0] == both[1]
    assert [(str(rule.long), rule.severity.value) for rule in both[0][0].rules] == [("1h", "page")]


def _of(version, objects):
    return [version | each for each in objects]


def test_files_without_a_promise_are_said_by_their_paths(load, tmp_path):
    """In no line: there is none in which it should stand."""
    with pytest.raises(SpecError) as caught:
        load(yaml.safe_dump(an_sli()))

    assert str(caught.value) == f"{tmp_path}: declares no SLO"
