"""slo-generator's files, of both versions, as SLOs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fournines.slo import Queries


def second(method, indicator, backend="prometheus", more=""):
    """A file of version 2."""
    return (
        "apiVersion: sre.google.com/v2\nkind: ServiceLevelObjective\n"
        "metadata: {name: shop-basket-availability, labels: {service_name: shop, feature_name: basket}}\n"
        f"spec:\n  description: Baskets\n  backend: {backend}\n  method: {method}\n  goal: 0.995\n"
        f"  service_level_indicator: {indicator}\n{more}"
    )


def first(method, measurement, kind="Prometheus"):
    """A file of version 1."""
    return (
        "service_name: shop\nfeature_name: basket\nslo_name: availability\nslo_description: Baskets\nslo_target: 0.995\n"
        f"backend: {{class: {kind}, method: {method}, measurement: {measurement}}}\n"
    )


CASES = [
    (
        "good_bad_ratio",
        "{filter_good: 'r{code=\"2\"}', filter_valid: 'r{}'}",
        Queries(good='sum(increase(r{code="2"}[{{.window}}]))', total="sum(increase(r{}[{{.window}}]))"),
    ),
    (
        "good_bad_ratio",
        "{filter_good: 'g[window]', filter_bad: b, operators: [rate, sum]}",
        Queries(
            good="sum(rate(g[{{.window}}]))",
            total="((sum(rate(g[{{.window}}]))) or vector(0)) + ((sum(rate(b[{{.window}}]))) or vector(0))",
        ),
    ),
    ("query_sli", "{expression: 'sum(rate(g[window])) / sum(rate(v[window]))'}",
     Queries(raw="sum(rate(g[{{.window}}])) / sum(rate(v[{{.window}}]))")),
    (
        "distribution_cut",
        "{expression: 'd_bucket{job=\"a\"}', threshold_bucket: 0.25}",
        Queries(
            good='sum(increase(d_bucket{job="a", le="0.25"}[{{.window}}]))',
            total='sum(increase(d_count{job="a"}[{{.window}}]))',
        ),
    ),
    (
        "distribution_cut",
        "{expression: d_bucket, threshold_bucket: 1}",
        Queries(
            good='sum(increase(d_bucket{le=~"1|1[.]0"}[{{.window}}]))', total="sum(increase(d_count[{{.window}}]))"
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "indicator", "queries"), CASES)
def test_every_method_of_both_versions_is_asked_for(imported, method, indicator, queries):
    """With the window put where slo-generator puts it; that no file says one is remarked on."""
    for text, labels in (
        (second(method, indicator), {"feature_name": "basket"}),
        (first(method, indicator), {"feature": "basket"}),
    ):
        (slo,), (remark,), faults = imported(text)

        assert queries == slo.sli.promql
        assert ("shop-basket-availability", "shop", Decimal("0.995"), "30d", "Baskets", labels) == (
            slo.name, slo.service, slo.objective.target, str(slo.window), slo.description, slo.labels,
        )  # fmt: skip
        assert ("says no window", ()) == (remark.message.partition(",")[0], faults)


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (second("good_bad_ratio", "{}", backend="datadog"), "spec.backend", "'datadog' can't be asked for"),
        (first("good_bad_ratio", "{}", kind="Stackdriver"), "backend.class", "'Stackdriver' can't be asked for"),
        (second("cut", "{}"), "spec.service_level_indicator", "'cut' is none of good_bad_ratio"),
        (second("good_bad_ratio", "{filter_good: a}"), "spec.service_level_indicator.filter_bad", "is missing"),
        (second("query_sli", "{expression: 'a / b'}"), "spec", "is no PromQL"),
    ],
)
def test_what_asks_nobody_here_is_a_fault(imported, text, path, message):
    """Other backends than Prometheus have other queries."""
    slos, _, (fault,) = imported(text)

    assert ((), path) == (slos, fault.path)
    assert message in fault.message


def test_where_prometheus_is_stands_elsewhere(imported):
    """Addresses, exporters and policies are the collector's affair, and said to be."""
    text = first(*CASES[0][:2]).replace("class:", "url: 'http://p', class:") + "exporters: [{class: Pubsub}]\n"

    _, remarks, _ = imported(text)

    assert ["backend.url", "exporters", ""] == [remark.path for remark in remarks]
