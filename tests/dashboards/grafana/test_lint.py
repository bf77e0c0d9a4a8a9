"""Each lint finds the fault it is for, and good dashboards have none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from fournines.dashboards import build_dashboards, lint, lint_links
from fournines.dashboards.grafana.metrics import LABELS


@pytest.fixture(scope="module")
def good(bank: Any) -> dict[str, Any]:
    """A dashboard without a finding."""
    return build_dashboards(bank)["fournines-overview.json"]


def of(title: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The panel of that title."""
    return lambda board: next(panel for panel in board["panels"] if panel["title"] == title)


def variable(board: dict[str, Any], name: str) -> dict[str, Any]:
    """The variable of that name."""
    return next(each for each in board["templating"]["list"] if each["name"] == name)


FAULTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "two panels have one id": lambda d: d["panels"][1].update(id=1),
    "the uid has 1 to 40 characters": lambda d: d.update(uid="x" * 41),
    "it has no variable `datasource`": lambda d: d["templating"].update(list=[]),
    "it has no description": lambda d: d["panels"][1].update(description=""),
    "it has no title": lambda d: d["panels"][1].update(title=""),
    "panels of type 'graph' are not Grafana's own": lambda d: d["panels"][1].update(type="graph"),
    "it stands outside the grid": lambda d: d["panels"][1]["gridPos"].update(x=20),
    "overlaps 'SLOs over budget'": lambda d: d["panels"][1]["gridPos"].update(w=7),
    "it has no unit": lambda d: d["panels"][1]["fieldConfig"]["defaults"].update(unit=""),
    "it asks nothing": lambda d: d["panels"][1].update(targets=[]),
    "it does not ask the data source of a variable": lambda d: d["panels"][1]["datasource"].update(uid="prom"),
    "two queries have one refId": lambda d: of("All SLOs, worst first")(d)["targets"][1].update(refId="A"),
    "'up' is not a metric of the collector or of a service": lambda d: d["panels"][1]["targets"][0].update(expr="up"),
    "'slo_burn_rate' has no label severity": lambda d: d["panels"][1]["targets"][0].update(
        expr='slo_burn_rate{severity="page"}'
    ),
    "it can be edited in Grafana": lambda d: d.update(editable=True),
    "its first panel ends below line 9": lambda d: d["panels"][1]["gridPos"].update(h=9),
    "the variable 'service' is not read anew": lambda d: variable(d, "service").update(refresh=1),
    "the variable 'service' is no label_values": lambda d: variable(d, "service").update(query="up"),
    "'nobody' is not a metric": lambda d: variable(d, "service").update(query="label_values(nobody, service)"),
    "'nothing' is not a metric": lambda d: d["annotations"]["list"][1].update(expr="nothing"),
    "its title has more than 50": lambda d: d["panels"][1].update(title="x" * 51),
    "it has no thresholds": lambda d: d["panels"][1]["fieldConfig"]["defaults"]["thresholds"].update(steps=[]),
    "its legend stands on the right": lambda d: of("Fastest burning")(d)["options"]["legend"].update(placement="right"),
    "it has more than 8 columns": lambda d: of("All SLOs, worst first")(d).update(
        targets=[{**of("All SLOs, worst first")(d)["targets"][0], "refId": ref} for ref in "ABCDEFGHI"]
    ),
    "its states are colours without words": lambda d: of("Alerts")(d)["fieldConfig"]["defaults"].update(mappings=[]),
    "it rates over a fixed time": lambda d: of("Failed events")(d)["targets"][0].update(
        expr='sum(rate(slo_events_total{slo="a[b]"}[5m]))'
    ),
    "'slo_events_total' only ever grows": lambda d: d["panels"][1]["targets"][0].update(expr="sum(slo_events_total)"),
    "'rate(' is no PromQL": lambda d: d["panels"][1]["targets"][0].update(expr="rate("),
}


@pytest.mark.parametrize("problem", FAULTS)
def test_each_fault_is_found(good: dict[str, Any], problem: str) -> None:
    """Planted alone, it is named."""
    broken = copy.deepcopy(good)
    FAULTS[problem](broken)

    assert [finding.problem for finding in lint(good)] == []
    assert any(finding.problem.startswith(problem) for finding in lint(broken))


def test_metrics_of_ones_own_can_be_asked_for(good: dict[str, Any]) -> None:
    """Whoever composes a dashboard says which there are."""
    board = copy.deepcopy(good)
    board["panels"][1]["targets"][0]["expr"] = 'sum(orders{shop="a"})'

    assert lint(board) != []
    assert lint(board, {**LABELS, "orders": frozenset({"shop"})}) == []


def test_links_that_lead_nowhere_are_found(good: dict[str, Any]) -> None:
    """By the uid that nothing has; and two dashboards of one uid."""
    lost = copy.deepcopy(good) | {"uid": "other"}
    lost["links"] = [{"url": "/d/nowhere?from=now-1h"}, {"url": "/d/slo-${__value.raw}"}]

    assert [finding.problem for finding in lint_links([good, lost])] == ["nothing is at /d/nowhere"]
    assert [finding.problem for finding in lint_links([good, good])] == [
        "two dashboards have the uid 'fournines-overview'"
    ]
