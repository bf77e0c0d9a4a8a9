"""The panel that an alert leads to: a seam, filled in by whoever writes dashboards."""

from __future__ import annotations

from typing import NamedTuple


class PanelLink(NamedTuple):
    """A panel of a dashboard, by Grafana's identities."""

    dashboard: str
    panel: int
