"""Sloth's files, of both forms, as SLOs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fournines.slo import WORKBOOK, Queries, Severity
from fournines.slo.imported.origin import SLOTH_ORIGIN, origin_of

PLAIN = """\
version: prometheus/v1
service: shop
labels: {owner: team-a, tier: 2}
slos:
  - name: requests-availability
    objective: 99.9
    description: Baskets are served.
    labels: {category: availability}
    sli:
      events:
        error_query: sum(rate(requests_total{job="shop",code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total{job="shop"}[{{.window}}]))
    alerting:
      labels: {route: day}
      annotations: {runbook: "https://runbooks.example.com/shop", summary: Baskets fail}
      page_alert: {labels: {severity: home}}
"""
KUBERNETES = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: shop, namespace: monitoring}
spec:
  service: shop
  labels: {owner: team-a, tier: "2"}
  slos:
    - name: requests-availability
      objective: 99.9
      description: Baskets are served.
      labels: {category: availability}
      sli:
        events:
          errorQuery: sum(rate(requests_total{job="shop",code=~"5.."}[{{.window}}]))
          totalQuery: sum(rate(requests_total{job="shop"}[{{.window}}]))
      alerting:
        labels: {route: day}
        annotations: {runbook: "https://runbooks.example.com/shop", summary: Baskets fail}
        pageAlert: {labels: {severity: home}}
"""


def sloth(sli, alerting="{}", name="one"):
    """A file of one SLO."""
    return f"version: prometheus/v1\nservice: shop\nslos:\n  - {{name: {name}, objective: 99, sli: {sli}, alerting: {alerting}}}\n"


EVENTS = "{events: {error_query: 'a[{{.window}}]', total_query: 'b[{{.window}}]'}}"


def test_both_forms_mean_the_same(imported):
    """Queries stay as they are written; labels of a service and of its alerts are the SLO's; a runbook is one."""
    (slo,), remarks, faults = imported(PLAIN)
    again = imported(KUBERNETES)

    (of_object,) = again.slos
    assert slo == replace(of_object, annotations={**of_object.annotations, SLOTH_ORIGIN: slo.annotations[SLOTH_ORIGIN]})
    assert {"name": "shop", "namespace": "monitoring"} == origin_of(of_object, SLOTH_ORIGIN)["kubernetes"]
    assert ("shop-requests-availability", "requests-availability", "shop") == (slo.name, slo.display_name, slo.service)
    assert (Decimal("0.999"), "30d", WORKBOOK) == (slo.objective.target, str(slo.window), slo.rules)
    assert {"owner": "team-a", "tier": "2", "category": "availability", "route": "day"} == slo.labels
    runbook = "https://runbooks.example.com/shop"
    assert {"fournines/runbook": runbook, "summary": "Baskets fail"}.items() <= slo.annotations.items()
    assert {
        "labels": {"route": "day"},
        "annotations": {"runbook": runbook, "summary": "Baskets fail"},
        "page": {"labels": {"severity": "home"}},
    } == origin_of(slo, SLOTH_ORIGIN)
    assert slo.sli.promql == Queries(
        bad='sum(rate(requests_total{job="shop",code=~"5.."}[{{.window}}]))',
        total='sum(rate(requests_total{job="shop"}[{{.window}}]))',
    )
    assert ["slos[0].alerting.page_alert.labels"] == [remark.path for remark in remarks]
    assert ["spec.slos[0].alerting.pageAlert.labels"] == [remark.path for remark in again.remarks]
    assert ((), ()) == (faults, again.faults)


def test_a_share_of_failures_is_turned_round(imported):
    """What is asked for here is the share of good ones."""
    (slo,), _, _ = imported(sloth("{raw: {error_ratio_query: 'x / y'}}"))

    assert Queries(raw="1 - (x / y)") == slo.sli.promql


@pytest.mark.parametrize(
    ("alerting", "told"),
    [
        ("{}", {Severity.PAGE, Severity.TICKET}),
        ("{page_alert: {disable: true}}", {Severity.TICKET}),
        ("{ticket_alert: {disable: true}, page_alert: {disable: true}}", set()),
    ],
)
def test_alerts_that_are_switched_off_stay_off(imported, alerting, told):
    """The others are the workbook's, which Sloth's are for 30 days."""
    (slo,), _, _ = imported(sloth(EVENTS, alerting))

    assert tuple(rule for rule in WORKBOOK if rule.severity in told) == slo.rules


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (sloth("{plugin: {id: a/b}}"), "slos[0].sli.plugin", "an SLI plugin makes its queries"),
        (sloth("{}"), "slos[0].sli", "needs `events` or `raw`"),
        (sloth("{events: {error_query: x}}"), "slos[0].sli.events.total_query", "is missing"),
        (sloth(EVENTS.replace("b[", "sum(b[")), "slos[0]", "is no PromQL"),
        (sloth("{events: {error_query: 'up # all', total_query: up}}"), "slos[0]", "ends in a comment"),
        (sloth(EVENTS, name="'!!'").replace("service: shop", "service: '-'"), "slos[0].name", "nothing of"),
        (sloth(EVENTS).replace("99", "100"), "slos[0]", "a target lies between 0 and 1"),
        (sloth(EVENTS).replace("99", "much"), "slos[0].objective", "'much' is no number"),
        (sloth(EVENTS).replace("99", "sNaN"), "slos[0].objective", "is no number"),
        (sloth(EVENTS).replace("99", "1e9999999"), "slos[0].objective", "is no number"),
        (sloth(EVENTS, "{page_alert: {disable: 1}}"), "slos[0].alerting.page_alert.disable", "neither true nor false"),
        (sloth(EVENTS, "[a]"), "slos[0].alerting", "holds no keys"),
        (sloth(EVENTS).replace("shop", "{}"), "service", "is no text"),
        (sloth(EVENTS, "{labels: {a: ' '}}"), "slos[0].alerting.labels.a", "is no text"),
        ("version: prometheus/v1\nservice: a\nslos: {}\n", "slos", "is no list"),
        ("version: prometheus/v1\nservice: a\n", "slos", "is missing"),
    ],
)
def test_what_can_not_be_carried_over_is_said_where_it_stands(imported, text, path, message):
    """Each with its line and path; it makes no SLO, and of a broken one nothing else is said."""
    slos, remarks, (fault,) = imported(text)

    assert ((), ()) == (slos, remarks)
    assert (path, True) == (fault.path, message in fault.message)
    assert fault.line


def test_one_that_can_not_be_carried_over_keeps_no_other_back(imported):
    """The others of its file are there, and what nobody read is said."""
    more = "  - {name: two, objective: 99, sli: {plugin: {id: a}}}\n"
    (slo,), (remark,), (fault,) = imported(sloth(EVENTS, "{window: 3d}") + more)

    assert ("shop-one", "slos[0].alerting.window", "slos[1].sli.plugin") == (slo.name, remark.path, fault.path)
    assert "is not carried over" == remark.message


def test_what_only_sloth_s_rules_need_is_kept_to_the_letter(imported):
    """Labels that alerts hide, or that can be none here; lines with their ends; truth values, numbers; plugins that change rules."""
    alerting = '{labels: {tier: 2, _x: a}, annotations: {summary: "Baskets\\nfail\\n", loud: true}}'
    plugins = "plugins: {chain: [{id: sloth.dev/core/debug/v1}, {id: team/more}]}"
    text = sloth(EVENTS, f"{alerting}, labels: {{tier: 2, _y: 0.50, on: yes}}, {plugins}")
    (slo,), _, _ = imported(text)

    origin = origin_of(slo, SLOTH_ORIGIN)
    assert {"tier": "2", "_y": "0.5"}.items() <= origin["own"].items()
    assert {"tier": "2", "_x": "a"} == origin["labels"]
    assert {"summary": "Baskets\nfail\n", "loud": "true"} == origin["annotations"]
    assert ["team/more"] == origin["plugins"]


def test_what_is_a_truth_value_to_other_readers_is_noted(imported):
    """Sloth reads YAML 1.1, where `yes` is true unless it is quoted."""
    (slo,), remarks, _ = imported(sloth(EVENTS, "{labels: {public: yes, on: call}}"))

    assert {"public": "yes", "on": "call"} == slo.labels
    assert [("slos[0].alerting.labels.public", "'yes'"), ("slos[0].alerting.labels.on", "'on'")] == [
        (remark.path, remark.message.split()[0]) for remark in remarks
    ]


@pytest.mark.parametrize("runbook", ["https://a.example/x y", "http://[x", "call the owner"])
def test_a_runbook_that_is_no_address_stays_an_annotation(imported, runbook):
    """What is one is a link of pages, and nothing else may be."""
    (slo,), _, _ = imported(sloth(EVENTS, f"{{annotations: {{runbook: '{runbook}'}}}}"))

    assert (runbook, None) == (slo.annotations["runbook"], slo.annotations.get("fournines/runbook"))
