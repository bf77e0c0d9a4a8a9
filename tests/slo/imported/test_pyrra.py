"""Pyrra's objects as SLOs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fournines.slo import Queries

RATIO = """{ratio: {errors: {metric: 'r_total{code="5"} offset 1m'}, total: {metric: 'r_total{} offset 1m'}}}"""


def pyrra(indicator, more="", window="4w", labels="{pyrra.dev/service: shop}"):
    """An object."""
    return (
        "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n"
        f"metadata: {{name: shop-errors, namespace: monitoring, labels: {labels}}}\n"
        f"spec:\n  target: '99.5'\n  window: {window}\n  indicator: {indicator}\n{more}"
    )


@pytest.mark.parametrize(
    ("indicator", "queries"),
    [
        (RATIO, Queries(bad='r_total{code="5"} offset 1m', total="r_total{} offset 1m", counter=True)),
        (
            """{latency: {success: {metric: 'd_bucket{le="1"}'}, total: {metric: d_count}}}""",
            Queries(good='d_bucket{le="1"}', total="d_count", counter=True),
        ),
        (
            "{ratio: {success: {metric: r_good}, total: {metric: r_total}}}",
            Queries(good="r_good", total="r_total", counter=True),
        ),
        (
            "{ratio: {errors: {metric: r_bad}, success: {metric: r_good offset 1m}}}",
            Queries(
                bad="sum(increase(r_bad[{{.window}}]))",
                total="sum(increase(r_bad[{{.window}}])) + sum(increase(r_good[{{.window}}] offset 1m))",
            ),
        ),
        (
            "{latencyNative: {total: {metric: 'd{job=\"a\"}'}, latency: 1s250ms}}",
            Queries(
                good='histogram_fraction(0, 1.25, sum(increase(d{job="a"}[{{.window}}]))) * '
                'histogram_count(sum(increase(d{job="a"}[{{.window}}])))',
                total='histogram_count(sum(increase(d{job="a"}[{{.window}}])))',
            ),
        ),
        (
            "{bool_gauge: {metric: 'up{job=\"a\"} offset 1m'}}",
            Queries(
                good='sum(sum_over_time(up{job="a"}[{{.window}}] offset 1m))',
                total='sum(count_over_time(up{job="a"}[{{.window}}] offset 1m))',
            ),
        ),
    ],
)
def test_every_indicator_is_asked_for(imported, indicator, queries):
    """Counters as counters, histograms and gauges over the window; modifiers stay behind their range."""
    (slo,), remarks, faults = imported(pyrra(indicator))

    assert ((), ()) == (remarks, faults)
    assert queries == slo.sli.promql
    assert ("shop-errors", "shop", Decimal("0.995"), "28d") == (
        slo.name,
        slo.service,
        slo.objective.target,
        str(slo.window),
    )


def test_its_alerts_are_pyrras(imported):
    """Four pairs of windows that grow with the SLO's, under the factors 14, 7, 2 and 1."""
    (slo,), _, _ = imported(pyrra(RATIO))

    pairs = [(rule.severity.value, str(rule.long), str(rule.short)) for rule in slo.rules]
    assert [("page", "1h", "5m"), ("page", "6h", "30m"), ("ticket", "1d", "2h"), ("ticket", "4d", "6h")] == pairs
    factors = [float(rule.factor(slo.window)) for rule in slo.rules]
    assert [14, 7, 2, 1] == pytest.approx(factors, rel=1e-5)
    assert all(factor >= least for factor, least in zip(factors, (14, 7, 2, 1), strict=True))


@pytest.mark.parametrize("alerting", ["{disabled: true}", "{burnrates: false}"])
def test_what_alerts_nobody_does_so_here(imported, alerting):
    """Its counts and its budget are there all the same."""
    (slo,), remarks, _ = imported(pyrra(RATIO, f"  alerting: {alerting}\n"))

    assert ((), ()) == (slo.rules, remarks)


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (
            pyrra(RATIO.replace("total:", "grouping: [route], total:")),
            "spec.indicator.ratio.grouping",
            "over all groups",
        ),
        (pyrra(RATIO, "  alerting: {absent: false}\n"), "spec.alerting.absent", "is always told"),
        (pyrra(RATIO, "  alerting: {burnRateType: dynamic}\n"), "spec.alerting.burnRateType", "static factors"),
        (pyrra(RATIO, "  alerting: {name: Burns}\n"), "spec.alerting.name", "one name"),
        (pyrra(RATIO, labels="{role: rules, pyrra.dev/service: shop}"), "metadata.labels", "pyrra.dev/"),
        (pyrra(RATIO, "  more: 1\n"), "spec.more", "is not carried over"),
    ],
)
def test_what_is_carried_over_otherwise_is_said(imported, text, path, message):
    """One remark each, with the path."""
    slos, (remark,), faults = imported(text)

    assert (1, 0) == (len(slos), len(faults))
    assert (path, True) == (remark.path, message in remark.message)


@pytest.mark.parametrize(("total", "service"), [('r{job="basket"}', "basket"), ("r", "shop-errors")])
def test_a_service_is_found_where_none_is_named(imported, total, service):
    """By the job that is selected, else it is called as the object is; which is said."""
    text = pyrra(f"{{ratio: {{errors: {{metric: e}}, total: {{metric: '{total}'}}}}}}", labels="{}")

    (slo,), (remark,), _ = imported(text)

    assert service == slo.service
    assert "names no service" in remark.message


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (pyrra("{}"), "spec.indicator"),
        (pyrra("{bool_gauge: {metric: 'rate(up[5m])'}}"), "spec.indicator.bool_gauge.metric"),
        (pyrra("{latencyNative: {total: {metric: d}, latency: soon}}"), "spec.indicator.latencyNative.latency"),
        (pyrra("{latencyNative: {total: {metric: d}, latency: 0ms}}"), "spec.indicator.latencyNative.latency"),
        (
            pyrra(f"{{latencyNative: {{total: {{metric: d}}, latency: {'9' * 5000}s}}}}"),
            "spec.indicator.latencyNative.latency",
        ),
        (pyrra(RATIO, window="1y"), "spec.window"),
        (pyrra(RATIO, window="1h"), "spec.alerting"),
        (pyrra(RATIO.replace("total:", "grouping: 1, total:")), "spec.indicator.ratio.grouping"),
        (pyrra(RATIO).replace("99.5", "0"), "spec"),
    ],
)
def test_what_can_not_be_carried_over_is_a_fault(imported, text, path):
    """With the place at which it stands."""
    slos, _, (fault,) = imported(text)

    assert ((), path) == (slos, fault.path)
