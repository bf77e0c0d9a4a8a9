"""Every metric this folder's panels ask for, and every panel it draws, in one place.

The metrics are those a collector shows at /metrics; the dashboards need nothing else, no recorded rule and no other exporter.
"""

from __future__ import annotations

from typing import Final, NamedTuple

EVENTS: Final = "slo_events_total"
OBJECTIVE: Final = "slo_objective_ratio"
BUDGET_REMAINING: Final = "slo_error_budget_remaining_ratio"
BURN_RATE: Final = "slo_burn_rate"
ALERT_FIRING: Final = "slo_alert_firing"

METRICS: Final[dict[str, frozenset[str]]] = {
    EVENTS: frozenset({"slo", "service", "result"}),
    OBJECTIVE: frozenset({"slo", "service"}),
    BUDGET_REMAINING: frozenset({"slo", "service"}),
    BURN_RATE: frozenset({"slo", "service", "window"}),
    ALERT_FIRING: frozenset({"slo", "service", "severity"}),
}
"""Metric names with the labels the panels may use."""


class PanelText(NamedTuple):
    """What a panel is called, the unit of its values as Grafana names it (empty for text), and what its numbers mean."""

    title: str
    unit: str
    description: str


SLOS_PAGING: Final = PanelText("SLOs with a page", "none", "How many SLOs have a page firing now.")
SLOS_SPENT: Final = PanelText(
    "SLOs over budget", "none", "How many SLOs have no error budget left over their own window."
)
SLOS_WATCHED: Final = PanelText("SLOs watched", "none", "How many SLOs the collector evaluates.")
TRAFFIC_ALL: Final = PanelText(
    "Events", "reqps", "Events of all SLOs a second; a request that feeds two SLOs counts twice."
)
ALL_SLOS: Final = PanelText(
    "All SLOs, worst first",
    "none",
    "One line an SLO: firing alerts first, then the least error budget left. Budget left below 0 % is over-spent. "
    "Burn 1 spends exactly the whole budget in its window.",
)
WORST_BY_SERVICE: Final = PanelText(
    "Worst budget left, per service", "percentunit", "Of each service the SLO with the least error budget left."
)
FASTEST_BURN: Final = PanelText(
    "Fastest burning", "suffix:x", "The ten SLOs that burn fastest over the long window of their quickest page rule."
)
FAILURES_BY_SLO: Final = PanelText(
    "Failed events", "reqps", "Events a second that broke their promise, the ten SLOs with most."
)
PAGES_OVER_TIME: Final = PanelText("Alerts", "none", "2 while an SLO's page fires, 1 while only its ticket does.")

BUDGET_LEFT: Final = PanelText(
    "Error budget left",
    "percentunit",
    "1 - bad events / (total events x (1 - objective)), over the SLO's window. Below 0 % it is over-spent.",
)
BURN_NOW: Final = PanelText(
    "Burn rate",
    "suffix:x",
    "How many times faster than allowed the budget goes; 1x empties it exactly at the window's end.",
)
EXHAUSTED_IN: Final = PanelText(
    "Empty in",
    "s",
    "Budget left x window / burn of the shortest window: when the budget is spent if failures go on as now.",
)
FIRING: Final = PanelText("Alerts firing", "none", "Pages and tickets of this SLO that fire now.")
BURN_WINDOWS: Final = PanelText(
    "Burn rate per window, with the rules' limits",
    "suffix:x",
    "Each line is one window. A rule holds while its long and its short window are both above its limit (the dashed lines).",
)
FAILURES_AND_TRAFFIC: Final = PanelText(
    "Failed events and traffic", "reqps", "Failed events a second (left axis) beside all events a second (right axis)."
)
BAD_PER_MILLION: Final = PanelText(
    "Failed events per million",
    "none",
    "Failures per million events over five minutes, beside what the objective allows: at 99.99 % a plain ratio looks flat.",
)
BURN_DOWN: Final = PanelText(
    "Budget burn-down",
    "percentunit",
    "The error budget left over the SLO's window, as the collector computed it at each moment.",
)
ALERT_HISTORY: Final = PanelText("Alert history", "none", "When this SLO's page and ticket fired.")
WHAT_TO_DO: Final = PanelText(
    "What this is and what to do", "", "The promise in a sentence, its owner and its runbook."
)

PANELS: Final = (
    SLOS_PAGING,
    SLOS_SPENT,
    SLOS_WATCHED,
    TRAFFIC_ALL,
    ALL_SLOS,
    WORST_BY_SERVICE,
    FASTEST_BURN,
    FAILURES_BY_SLO,
    PAGES_OVER_TIME,
    BUDGET_LEFT,
    BURN_NOW,
    EXHAUSTED_IN,
    FIRING,
    BURN_WINDOWS,
    FAILURES_AND_TRAFFIC,
    BAD_PER_MILLION,
    BURN_DOWN,
    ALERT_HISTORY,
    WHAT_TO_DO,
)
"""Every panel of the generated dashboards."""
