"""Open alerts in words."""

from __future__ import annotations

from fournines.dashboards.alert_line import alert_line, alerts_by_slo
from tests.dashboards.conftest import NOW


def test_alerts_say_their_severity_since_when_and_whether_they_are_held_back() -> None:
    """As the API says them; unknown words and broken dates don't break the page."""
    alerts = [
        {"slo": "a", "severity": "page", "state": "firing", "since": "2026-11-22T03:12:52Z"},
        {"slo": "a", "severity": "ticket", "state": "firing", "since": "yesterday", "inhibited": True},
    ]

    assert tuple(alert_line(alert, NOW) for alert in alerts) == (
        "Page firing since 03:12:52 UTC (3 min 48 s)",
        "Ticket firing, held back by the page",
    )
    assert [each["severity"] for each in alerts_by_slo(reversed(alerts))["a"]] == ["page", "ticket"]
