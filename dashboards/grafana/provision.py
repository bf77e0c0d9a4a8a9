"""Dashboards as files: the same SLOs give the same bytes, and a folder that Grafana reads as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ...slo import SLO
from .data_source import data_source_file
from .modernise import modernise
from .slug import service_slug, slug
from .surroundings import Surroundings

FOLDER: Final = "grafana"

PROVIDER: Final = """\
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


def build_dashboards(slos: Sequence[SLO], around: Surroundings = Surroundings()) -> dict[str, dict[str, Any]]:  # noqa: B008 - immutable
    """File name to dashboard, in Grafana's schema version 42: those over all SLOs, one for each service, one for each SLO."""
    return {name: modern(board) for name, board in _boards(slos, around)}


def modern(board: Any) -> dict[str, Any]:
    """A grafanalib dashboard in Grafana's schema version 42, its panels numbered from 1."""
    # grafanalib is needed to build, not to serve: the collector never loads it.
    from grafanalib._gen import DashboardEncoder

    return modernise(json.loads(DashboardEncoder(sort_keys=True).encode(board)))


def _boards(slos: Sequence[SLO], around: Surroundings) -> Iterator[tuple[str, Any]]:
    from .budget_board import budget_board
    from .collector_board import collector_board
    from .incident_board import incident_board
    from .overview_board import OVERVIEW_FILE, overview
    from .scorecard_board import scorecard_board
    from .service_board import service_board
    from .slo_board import slo_board

    yield OVERVIEW_FILE, overview(slos)
    yield "fournines-incident.json", incident_board(slos, around)
    yield "fournines-budgets.json", budget_board(slos)
    yield "fournines-collector.json", collector_board()
    yield "fournines-scorecard.json", scorecard_board(around)
    for service in sorted({slo.service for slo in slos}):
        own = sorted((slo for slo in slos if slo.service == service), key=lambda slo: slo.name)
        yield f"service-{service_slug(service)}.json", service_board(service, own, slos, around)
    for slo in slos:
        yield f"slo-{slug(slo.name)}.json", slo_board(slo, around)


def write(out_dir: Path, slos: Sequence[SLO], around: Surroundings = Surroundings()) -> list[Path]:  # noqa: B008 - immutable
    """Writes OUT/grafana: the dashboards and the provisioning that names them. Returns what was written, in order."""
    texts = {name: written(dashboard) for name, dashboard in build_dashboards(slos, around).items()}
    texts |= {
        "provisioning/dashboards/fournines.yaml": PROVIDER,
        "provisioning/datasources/fournines.yaml": data_source_file(around),
    }
    return write_texts(out_dir / FOLDER, texts)


def write_texts(folder: Path, texts: dict[str, str]) -> list[Path]:
    """Writes texts below a folder, by their paths. Returns what was written, in order."""
    found = []
    for name, content in sorted(texts.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        found.append(path)
    return found


def written(dashboard: dict[str, Any]) -> str:
    """A dashboard's text: the same for the same dashboard."""
    return json.dumps(dashboard, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
