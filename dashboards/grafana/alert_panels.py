"""Where alerts of Grafana lead: the panel of each SLO's dashboard that shows what they judge."""

from __future__ import annotations

from collections.abc import Sequence

from ...alerts.rules.grafana.panel_link import PanelLink
from ...slo import SLO
from . import catalog
from .provision import modern
from .slo_board import slo_board
from .slug import uid
from .surroundings import Surroundings


def alert_panels(slos: Sequence[SLO]) -> dict[str, PanelLink]:
    """The panel of burn rates and their limits, by the SLO's name."""
    return {
        slo.name: PanelLink(uid(slo.name), _burn_panel(modern(slo_board(slo, Surroundings()))["panels"]))
        for slo in slos
    }


def _burn_panel(panels: Sequence[dict[str, object]]) -> int:
    return next(int(str(panel["id"])) for panel in panels if panel["title"] == catalog.BURN_WINDOWS.title)
