"""Where an SLO's annotations point to. Only http and https are ever linked: an annotation is somebody's text, not ours."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from ..slo.slo import SLO

_RUNBOOK: Final = ("fournines/runbook", "runbook_url", "runbook")
_OWNER: Final = ("fournines/owner", "owner", "team")


def runbook(slo: SLO) -> str | None:
    """The runbook's address; None where there is none, or none that may be linked."""
    return safe_url(_first(slo, _RUNBOOK))


def owner(slo: SLO) -> str:
    """Who keeps the promise, as the file says it; empty where it does not."""
    return _first(slo, _OWNER)


def safe_url(text: str) -> str | None:
    """`text` when it is an absolute http or https address, else None."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return None
    return text.strip() if parts.scheme in ("http", "https") and parts.netloc else None


def _first(slo: SLO, keys: tuple[str, ...]) -> str:
    found = (source[key] for key in keys for source in (slo.annotations, slo.labels) if source.get(key))
    return next(found, "")
