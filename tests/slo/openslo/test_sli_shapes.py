"""Ratios, raw ones and what they can't be beside each other."""

from __future__ import annotations

import pytest
import yaml


def an_slo(ratio):
    """An SLO of that ratio."""
    spec = {
        "service": "web",
        "indicator": {"metadata": {"name": "web"}, "spec": {"ratioMetric": ratio}},
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.9}],
    }
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "web"}, "spec": spec}


def asked(source=None):
    """A query, of a DataSource where one is named."""
    return {
        "metricSource": {"type": "prometheus", "spec": {"query": "up"}}
        | ({"metricSourceRef": source} if source else {})
    }


OF_SLOS = {
    "metricSource": {"type": "fournines", "spec": {"signal": "slos", "rule": "weighted", "of": [{"slo": "web"}]}}
}
ENGINES = [
    {"apiVersion": "openslo/v1", "kind": "DataSource", "metadata": {"name": name}, "spec": {"type": "prometheus"}}
    for name in ("a", "b")
]


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        ({"raw": asked(), "rawType": "success", "good": asked()}, "`raw` is the ratio itself: `good`, `bad` and `total` go without it"),
        ({"raw": asked(), "rawType": "success", "bad": asked()}, "`raw` is the ratio itself: `good`, `bad` and `total` go without it"),
        ({"raw": asked(), "rawType": "success", "total": asked()}, "`raw` is the ratio itself: `good`, `bad` and `total` go without it"),
        ({"raw": OF_SLOS, "rawType": "failure"}, "SLOs are combined as successes; write `rawType: success`"),
        ({"good": asked("a"), "total": asked("b")}, "`good` and `total` are asked of one source"),
        ({"bad": asked("b"), "total": asked("a")}, "`bad` and `total` are asked of one source"),
        ({"bad": asked(), "total": asked("a")}, "`bad` and `total` are asked of one source"),
        ({"total": asked()}, "needs one of `good` and `bad`"),
    ],
)  # fmt: skip
def test_what_a_ratio_can_not_be(faults_of, ratio, said):
    """It is one ratio, of one source, and says so once."""
    (fault,) = faults_of(yaml.safe_dump_all([an_slo(ratio), *ENGINES]))

    assert fault.endswith(f": {said}")
