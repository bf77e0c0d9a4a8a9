"""Dashboards as files: the same SLOs give the same bytes, and a folder that Grafana reads as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ...slo import SLO
from .modernise import modernise
from .slug import slug

FOLDER: Final = "grafana"

_PROVIDER: Final = """\
# Grafana reads this from its provisioning folder, the dashboards from `path`.
apiVersion: 1
providers:
  - name: fournines
    orgId: 1
    type: file
    folder: SLO
    disableDeletion: false
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: /var/lib/grafana/dashboards/fournines
      foldersFromFilesStructure: false
"""
_DATASOURCE: Final = """\
# An example: the Prometheus that scrapes the collector's /metrics. Any Prometheus-compatible engine will do.
apiVersion: 1
datasources:
  - name: Prometheus
    type: prometheus
    uid: prometheus
    access: proxy
    url: http://127.0.0.1:9090
    isDefault: true
    jsonData:
      timeInterval: 15s
"""
PROVISIONING: Final = {
    "provisioning/dashboards/fournines.yaml": _PROVIDER,
    "provisioning/datasources/fournines.yaml": _DATASOURCE,
}


def build_dashboards(slos: Sequence[SLO]) -> dict[str, dict[str, Any]]:
    """File name to dashboard, in Grafana's schema version 42: the overview, and one for each SLO."""
    # grafanalib is needed to build, not to serve: the collector never loads it.
    from grafanalib._gen import DashboardEncoder

    from .overview_board import OVERVIEW_FILE, overview
    from .slo_board import slo_board

    boards = {OVERVIEW_FILE: overview(slos)} | {f"slo-{slug(slo.name)}.json": slo_board(slo) for slo in slos}
    encoder = DashboardEncoder(sort_keys=True)
    return {name: modernise(json.loads(encoder.encode(board))) for name, board in boards.items()}


def write(out_dir: Path, slos: Sequence[SLO]) -> list[Path]:
    """Writes OUT/grafana: the dashboards and the provisioning that names them. Returns what was written, in order."""
    texts = {name: _text(dashboard) for name, dashboard in build_dashboards(slos).items()} | PROVISIONING
    written = []
    for name, content in sorted(texts.items()):
        path = out_dir / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        written.append(path)
    return written


def _text(dashboard: dict[str, Any]) -> str:
    return json.dumps(dashboard, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
