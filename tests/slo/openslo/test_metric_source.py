"""Sources of numbers: what their type makes of what is said of them."""

from __future__ import annotations

import pytest
import yaml


def an_slo(source):
    """An SLO of what is asked of that source."""
    spec = {
        "service": "web",
        "indicator": {"metadata": {"name": "web"}, "spec": {"thresholdMetric": {"metricSource": source}}},
        "budgetingMethod": "Occurrences",
        "objectives": [{"op": "lte", "value": 1, "target": 0.9}],
    }
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "web"}, "spec": spec}


@pytest.fixture
def faults(faults_of):
    """What is wrong with an SLO of that source, without line and path."""

    def said(source, *others):
        return [each.split(": ", 2)[2] for each in faults_of(yaml.safe_dump_all([an_slo(source), *others]))]

    return said


@pytest.mark.parametrize("spec", [{"query": "up"}, {"signal": "spans"}])
def test_whose_source_is_missing_is_that_one_fault(faults, spec):
    """What the type of a DataSource that nobody declares would be is told by what is asked of it."""
    assert faults({"metricSourceRef": "gone", "spec": spec}) == ["no DataSource named `gone` is in these files"]


def test_what_asks_nothing_of_a_missing_source_is_said_too(faults):
    """Of what has no keys nothing can be told."""
    assert faults({"metricSourceRef": "gone", "spec": 5}) == [
        "no DataSource named `gone` is in these files",
        "needs keys below it, not the number 5",
    ]


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("datadog", "numbers of type `datadog` can't be asked for"),
        ("zabbix", "numbers of type `zabbix` can't be asked for"),
        (5, "is 'fournines', not the number 5"),
    ],
)
def test_a_type_that_nobody_asks_is_refused(faults, type_, said):
    """Before ours in the alphabet, after it, or no text at all."""
    (fault,) = faults({"type": type_, "spec": {"signal": "spans"}})

    assert fault.startswith(said)


@pytest.mark.parametrize(
    ("type_", "spec", "other"),
    [("fournines", {"signal": "spans"}, "prometheus"), ("prometheus", {"query": "up"}, "fournines")],
)
def test_a_source_is_of_one_type(faults, type_, spec, other):
    """What its type says and what its DataSource says is the same, whichever says what."""
    theirs = {
        "apiVersion": "openslo/v1",
        "kind": "DataSource",
        "metadata": {"name": "theirs"},
        "spec": {"type": other},
    }

    assert faults({"type": type_, "metricSourceRef": "theirs", "spec": spec}, theirs) == [
        f"says type `{type_}`, and the DataSource `theirs` is of type `{other}`"
    ]
