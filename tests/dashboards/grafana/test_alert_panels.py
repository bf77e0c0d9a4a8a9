"""Alerts lead to a panel that is there, and shows what they judge."""

from __future__ import annotations

from typing import Any

from fournines.dashboards import build_dashboards
from fournines.dashboards.grafana.alert_panels import alert_panels


def test_each_alert_leads_to_the_burn_rates_of_its_slo(bank: Any) -> None:
    """By the identities of the dashboards that the same build writes."""
    boards = {board["uid"]: board for board in build_dashboards(bank).values()}
    links = alert_panels(bank)

    assert set(links) == {slo.name for slo in bank}
    for slo in bank:
        board = boards[links[slo.name].dashboard]
        [panel] = [panel for panel in board["panels"] if panel["id"] == links[slo.name].panel]
        assert board["title"] == f"SLO: {slo.name}"
        assert panel["title"].startswith("Burn rate per window")
