"""What is written is what Grafana reads: the current schema, the same bytes each time, identities that last."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from fournines.dashboards import build_dashboards, lint, lint_links, queries, write
from fournines.dashboards.grafana import catalog
from fournines.dashboards.grafana.surroundings import Surroundings, TraceStore
from fournines.slo import CalendarUnit, CalendarWindow
from tests.dashboards.conftest import availability

HOSTILE = 'Pay "ments"\\ <script>alert(1)</script> [x](javascript:alert(1)) {{slo}}'


AROUND = {
    "own": Surroundings("https://slo.example.com"),
    "aws": Surroundings(traces=TraceStore.XRAY, trace_source="xray", region="eu-central-1"),
}


@pytest.fixture(scope="module", params=AROUND)
def boards(request: pytest.FixtureRequest, bank: Any) -> dict[str, dict[str, Any]]:
    """The dashboards of the bank, one of whose services needs another, and of a name nobody should choose; here and in AWS."""
    needy = replace(bank[0], depends_on=("users-availability",))
    return build_dashboards([needy, *bank[1:], availability(HOSTILE, HOSTILE, owner=HOSTILE)], AROUND[request.param])


def test_there_is_one_for_each_view_service_and_slo(bank: Any) -> None:
    """Named by their slugs."""
    views = {f"fournines-{view}.json" for view in ("overview", "incident", "budgets", "collector", "scorecard")}
    services = {f"service-{slo.service}.json" for slo in bank}

    assert set(build_dashboards(bank)) == views | services | {f"slo-{slo.name}.json" for slo in bank}


def test_an_independent_reader_loses_and_changes_nothing(boards: dict[str, dict[str, Any]]) -> None:
    """Grafana's own models for Python read each dashboard and write it back unchanged."""
    with warnings.catch_warnings():
        # It would rather be asked for dashboards of version 2, which file provisioning does not take.
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.cog import plugins
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.models.dashboard import Dashboard
    plugins.register_default_plugins()
    for board in boards.values():
        back = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(board)))

        assert kept(board, back) == board


def kept(ours: Any, theirs: Any) -> Any:
    """Of what the reader wrote only what we had said: it adds defaults of its own."""
    if isinstance(ours, dict):
        return {key: kept(value, theirs[key]) for key, value in ours.items() if key in theirs}
    if isinstance(ours, list):
        return [kept(*pair) for pair in zip(ours, theirs, strict=True)]
    return theirs


def test_no_dashboard_has_a_finding(boards: dict[str, dict[str, Any]]) -> None:
    """Units, descriptions, places, ids, PromQL and names."""
    assert {name: lint(board) for name, board in boards.items() if lint(board)} == {}
    assert lint_links(boards.values()) == []


def test_identities_are_unique_and_do_not_depend_on_the_others(bank: Any, boards: dict[str, dict[str, Any]]) -> None:
    """Adding an SLO changes no other's dashboard."""
    assert len({board["uid"] for board in boards.values()}) == len(boards)
    alone, all_ = build_dashboards(bank[:1]), build_dashboards(bank)
    assert alone["slo-payments-availability.json"] == all_["slo-payments-availability.json"]


def test_numbers_on_the_first_row_are_of_now(boards: dict[str, dict[str, Any]]) -> None:
    """A budget averaged over the range would be a wrong number: stats ask instantly and reduce to the last."""
    stats = [panel for board in boards.values() for panel in board["panels"] if panel["type"] == "stat"]

    assert stats
    for panel in stats:
        assert panel["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]
        assert all(target["instant"] and not target["range"] for target in panel["targets"])
        assert panel["fieldConfig"]["defaults"]["noValue"] == "no data"


def test_limits_are_those_of_the_rules(boards: dict[str, dict[str, Any]]) -> None:
    """The lines in the burn panel are the factors, computed for each SLO's own window."""

    def limits(name: str) -> list[Any]:
        panel = next(p for p in boards[name]["panels"] if p["title"].startswith("Burn rate per window"))
        return [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]

    assert limits("slo-payments-availability.json") == [None, 1.0, 3.0, 6.0, 14.4]
    assert limits("slo-gateway-week.json") == [None, pytest.approx(6.72)]


def test_links_lead_to_dashboards_that_are_there(bank: Any, boards: dict[str, dict[str, Any]]) -> None:
    """From the overview's table by name, while every name can be part of an address; else only by the drop-down."""

    def links(built: dict[str, dict[str, Any]]) -> list[str]:
        table = next(panel for panel in built["fournines-overview.json"]["panels"] if panel["type"] == "table")
        properties = [p for each in table["fieldConfig"]["overrides"] for p in each["properties"] if p["id"] == "links"]
        return [link["url"] for each in properties for link in each["value"]]

    plain = build_dashboards(bank)
    [url] = links(plain)
    uids = {board["uid"] for board in plain.values()}
    assert {url.removeprefix("/d/").split("?")[0].replace("${__value.raw}", slo.name) for slo in bank} <= uids
    assert links(boards) == []
    assert all(board["links"][0]["tags"] == ["fournines"] for board in boards.values())
    assert all("fournines" in board["tags"] for board in boards.values())


@pytest.mark.parametrize(("unit", "expected"), [("M", "31d"), ("Q", "92d"), ("Y", "366d")])
def test_panels_of_a_calendar_s_budget_look_back_over_its_longest_period(unit: CalendarUnit, expected: str) -> None:
    """`1Y` is nothing to Grafana, which would draw the dashboard's own time instead."""
    board = build_dashboards([replace(availability("a"), window=CalendarWindow(1, unit))])["slo-a.json"]
    looking_back = {panel["title"]: panel["timeFrom"] for panel in board["panels"] if panel.get("timeFrom")}

    assert {catalog.BURN_DOWN.title: expected, catalog.ALERT_HISTORY.title: expected} == looking_back


def test_the_words_panel_trusts_nobodys_text(boards: dict[str, dict[str, Any]]) -> None:
    """Markup in names is escaped; the runbook is linked only where it may be."""
    words = {
        name: next(p for p in board["panels"] if p["type"] == "text")["options"]["content"]
        for name, board in boards.items()
        if name.startswith("slo-")
    }
    hostile = next(content for name, content in words.items() if name.startswith("slo-pay-ments"))

    assert "[Runbook](<https://runbooks.example.com/payments>)" in words["slo-payments-availability.json"]
    assert "<script>" not in hostile.replace("\\<", "")
    assert "[x](" not in hostile
    assert "No runbook yet" in hostile


def test_the_same_slos_give_the_same_bytes(bank: Any, tmp_path: Path) -> None:
    """Written twice, also in another order, the files are equal."""
    first, second = write(tmp_path / "a", bank), write(tmp_path / "b", tuple(reversed(bank)))

    assert [path.relative_to(tmp_path / "a") for path in first] == [path.relative_to(tmp_path / "b") for path in second]
    assert all(one.read_bytes() == two.read_bytes() for one, two in zip(first, second, strict=True))
    assert {path.name for path in first} >= {"fournines-overview.json", "slo-payments-latency.json", "fournines.yaml"}


def test_the_provisioning_is_what_grafana_reads(bank: Any, tmp_path: Path) -> None:
    """One provider of files, one data source of the type the dashboards choose from."""
    write(tmp_path, bank)
    folder = tmp_path / "grafana" / "provisioning"
    [provider] = yaml.safe_load((folder / "dashboards" / "fournines.yaml").read_text())["providers"]
    [source] = yaml.safe_load((folder / "datasources" / "fournines.yaml").read_text())["datasources"]

    assert (provider["type"], provider["folder"]) == ("file", "SLO")
    assert source["type"] == "prometheus"


def test_queries_have_no_variable_left(boards: dict[str, dict[str, Any]]) -> None:
    """What tests ask a Prometheus is what Grafana would."""
    asked = [expr for name, board in boards.items() for _, expr in queries(board)]

    assert len(asked) > 20
    assert not [expr for expr in asked if "$" in expr]
