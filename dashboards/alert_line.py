"""An open alert as a line of the page says it."""

from __future__ import annotations

from ..alerts import OpenAlert
from ..slo import figures


def alert_line(open_alert: OpenAlert, now: float) -> str:
    """`Page firing since 03:12:52 UTC (3 min 48 s)`, and who has it, or why nobody is told."""
    alert, held = open_alert.alert, f", {open_alert.held_back}" if open_alert.inhibited else ""
    taken = alert.acknowledged
    has = "" if taken is None else f", acknowledged by {taken.by} until {figures.clock(taken.until, now)}"
    return f"{alert.severity.value.capitalize()} firing {figures.since(alert.firing.since, now)}{has}{held}"
