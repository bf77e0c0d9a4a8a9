"""Where to look and what to do: the addresses that alerts, rules and pages lead to."""

from __future__ import annotations

from urllib.parse import quote

from ..slo import DASHBOARD, RUNBOOK, SLO, link
from .names import ANNOTATION_DASHBOARD, ANNOTATION_RUNBOOK


def links(slo: SLO, public_url: str) -> dict[str, str]:
    """The annotations of its alerts: the team's dashboard, else the SLO's own page, and the runbook. Without one nothing is made up."""
    found = {ANNOTATION_DASHBOARD: link(slo, DASHBOARD) or slo_url(public_url, slo.name)}
    runbook = link(slo, RUNBOOK)
    return {**found, ANNOTATION_RUNBOOK: runbook} if runbook else found


def slo_url(public_url: str, name: str) -> str:
    """The page of an SLO, for people elsewhere."""
    return public_url.rstrip("/") + slo_path(name)


def slo_path(name: str) -> str:
    """The address of an SLO's page on its collector."""
    return f"/slo/{quote(name, safe='')}"
