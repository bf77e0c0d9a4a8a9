"""An open alert as a line of the page says it, from how the API gives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ..slo import figures

AlertJson = Mapping[str, Any]
"""An alert as the API says it."""

_SEVERITY_WORDS: Final = {"page": "Page", "ticket": "Ticket"}


def alert_line(alert: AlertJson, now: float) -> str:
    """`Page firing since 03:12:52 UTC (3 min 48 s)`; unknown words and broken dates break nothing."""
    severity = str(alert.get("severity", ""))
    word = _SEVERITY_WORDS.get(severity, severity or "Alert")
    held = ", held back by the page" if alert.get("inhibited") else ""
    return f"{word} {alert.get('state', 'firing')}{_since(alert.get('since'), now)}{held}"


def alerts_by_slo(alerts: Iterable[AlertJson]) -> dict[str, list[AlertJson]]:
    """The alerts of each SLO, pages first, then as they came."""
    found: dict[str, list[AlertJson]] = {}
    for alert in sorted(alerts, key=lambda alert: str(alert.get("severity", ""))):
        found.setdefault(str(alert.get("slo", "")), []).append(alert)
    return found


def _since(since: object, now: float) -> str:
    if not isinstance(since, str):
        return ""
    try:
        began = datetime.fromisoformat(since).timestamp()
    except ValueError:
        return ""
    return f" {figures.since(began, now)}"
