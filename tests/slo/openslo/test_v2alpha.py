"""What v2alpha has of its own: data sources without `metricSource` around them, and a service that may be referred to."""

from __future__ import annotations

import jsonschema
import pytest
import yaml

from fournines.slo.openslo.schema import json_schema

V2 = "openslo.com/v2alpha"
SPANS = {"dataSourceSpec": {"type": "fournines"}, "spec": {"signal": "spans"}}


def an_slo(total=SPANS, good=None, **spec):
    """An SLO of those numbers."""
    ratio = {"good": good or total, "total": total}
    usual = {
        "service": "web",
        "sli": {"metadata": {"name": "web"}, "spec": {"ratioMetric": ratio}},
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.9}],
    }
    said = {key: value for key, value in (usual | spec).items() if value is not None}
    return {"apiVersion": V2, "kind": "SLO", "metadata": {"name": "web"}, "spec": said}


def a_source(type_):
    return {"apiVersion": V2, "kind": "DataSource", "metadata": {"name": "theirs"}, "spec": {"type": type_}}


def inline(type_, **spec):
    return {"dataSourceSpec": {"type": type_}, "spec": spec}


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (5, "needs keys below it, not the number 5"),
        ("spans", "needs keys below it, not the text 'spans'"),
        (inline("Datadog", query="up"), "numbers of type `Datadog` can't be asked for"),
        (inline("Datadog", signal="spans"), "numbers of type `Datadog` can't be asked for"),
        (inline("prometheus", signal="spans"), "unknown key `signal`; allowed: `query`"),
        (inline("fournines", query="up"), "unknown key `query`; allowed: `signal`, `where`, `kind`, `service`"),
        ({"dataSourceRef": "theirs", "spec": {"query": "up"}}, "numbers of type `Datadog` can't be asked for"),
    ],
)
def test_faults_of_numbers(faults_of, total, said):
    """Their type is said beside them, or by the DataSource that they refer to."""
    faults = faults_of(yaml.safe_dump_all([an_slo(total, SPANS), a_source("Datadog")]))

    assert [fault for fault in faults if ".total" in fault and said in fault]


@pytest.mark.parametrize(
    ("total", "source"),
    [
        (inline("prometheus", query="up"), ""),
        ({"dataSourceRef": "theirs", "spec": {"query": "up"}}, "theirs"),
    ],
)
def test_the_engine_that_is_asked(load, total, source):
    """By the name of its DataSource; none where it is said in place."""
    (slo,) = load(yaml.safe_dump_all([an_slo(total), a_source("prometheus")]))

    assert slo.sli.promql.source == source


@pytest.mark.parametrize(
    ("spec", "is_valid"),
    [
        ({}, True),
        ({"service": None, "serviceRef": "web"}, True),
        ({"serviceRef": "web"}, False),
        ({"service": None}, False),
        ({"budgetingMethod": None}, False),
        ({"objectives": None}, False),
    ],
)
def test_an_editor_knows_what_a_promise_needs(spec, is_valid):
    """One way to name its service, and all the rest."""
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(an_slo(**spec)) is is_valid
