"""Where an SLO's annotations point to. Only http and https are ever linked: an annotation is somebody's text, not ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..slo.annotations import DASHBOARD, OWNER, RUNBOOK
from ..slo.slo import SLO


def runbook(slo: SLO) -> str | None:
    """The runbook's address; None where there is none, or none that may be linked."""
    return safe_url(slo.annotations.get(RUNBOOK, ""))


def dashboard(slo: SLO) -> str | None:
    """The address of the team's own dashboard; None as for the runbook."""
    return safe_url(slo.annotations.get(DASHBOARD, ""))


def owner(slo: SLO) -> str:
    """Who keeps the promise, as the file says it; empty where it does not."""
    return slo.annotations.get(OWNER, "")


def safe_url(text: str) -> str | None:
    """`text` when it is an absolute http or https address, else None."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return None
    return text.strip() if parts.scheme in ("http", "https") and parts.netloc else None
