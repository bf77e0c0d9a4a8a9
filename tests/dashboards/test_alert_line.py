"""Open alerts in words."""

from __future__ import annotations

from dataclasses import replace

from fournines.alerts import AlertKind, Decision, OpenAlert, Ruling
from fournines.dashboards.alert_line import alert_line
from tests.dashboards.conftest import NOW, open_alert


def test_alerts_say_their_severity_since_when_and_whether_they_are_held_back() -> None:
    """An inhibited ticket is open, and somebody should know why it did not reach them."""
    page, ticket = (
        open_alert("a", AlertKind.PAGE, NOW - 228.5),
        open_alert("a", AlertKind.TICKET, NOW - 60, inhibited=True),
    )

    assert alert_line(page, NOW) == "Page firing since 03:12:51 UTC (3 min 49 s)"
    assert alert_line(ticket, NOW) == "Ticket firing since 03:15:40 UTC (1 min), held back by the page"


def test_a_page_says_on_whom_it_waits() -> None:
    """What it depends on has a name, and a beginning."""
    why = "held back: depends on database, which burns since 2026-11-22T03:15:40Z"
    alert = open_alert("edge", AlertKind.PAGE, NOW - 60).alert
    held = replace(alert, decisions=(Decision("inhibition", Ruling.HELD, why, NOW),))

    assert alert_line(OpenAlert(held), NOW) == f"Page firing since 03:15:40 UTC (1 min), {why}"
