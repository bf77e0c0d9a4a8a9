"""Each lint finds the fault it is for, and good dashboards have none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from fournines.dashboards import build_dashboards, lint


@pytest.fixture(scope="module")
def good(bank: Any) -> dict[str, Any]:
    """A dashboard without a finding."""
    return build_dashboards(bank)["fournines-overview.json"]


def of(title: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The panel of that title."""
    return lambda board: next(panel for panel in board["panels"] if panel["title"] == title)


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
    "it does not ask the data source of the variable": lambda d: d["panels"][1]["datasource"].update(uid="prom"),
    "two queries have one refId": lambda d: of("All SLOs, worst first")(d)["targets"][1].update(refId="A"),
    "'up' is not a metric of the collector": lambda d: d["panels"][1]["targets"][0].update(expr="up"),
    "'slo_burn_rate' has no label severity": lambda d: d["panels"][1]["targets"][0].update(
        expr='slo_burn_rate{severity="page"}'
    ),
    "'rate(' is no PromQL": lambda d: d["panels"][1]["targets"][0].update(expr="rate("),
}


@pytest.mark.parametrize("problem", FAULTS)
def test_each_fault_is_found(good: dict[str, Any], problem: str) -> None:
    """Planted alone, it is named."""
    broken = copy.deepcopy(good)
    FAULTS[problem](broken)

    assert [finding.problem for finding in lint(good)] == []
    assert any(finding.problem.startswith(problem) for finding in lint(broken))
