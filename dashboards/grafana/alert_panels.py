"""Where alerts of Grafana lead: the panel of each SLO's dashboard that shows what they judge."""

from __future__ import annotations

from collections.abc import Sequence

from ...alerts.rules.grafana.panel_link import PanelLink
from ...slo import SLO
from . import catalog
from .provision import build_dashboards
from .slug import uid


def alert_panels(slos: Sequence[SLO]) -> dict[str, PanelLink]:
    """The panel of burn rates and their limits, by the SLO's name."""
    panels = {board["uid"]: board["panels"] for board in build_dashboards(slos).values()}
    return {slo.name: PanelLink(uid(slo.name), _burn_panel(panels[uid(slo.name)])) for slo in slos}


def _burn_panel(panels: Sequence[dict[str, object]]) -> int:
    return next(int(str(panel["id"])) for panel in panels if panel["title"] == catalog.BURN_WINDOWS.title)
