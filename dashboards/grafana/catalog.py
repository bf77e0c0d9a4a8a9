"""Every panel the dashboards draw, in words."""

from __future__ import annotations

from typing import Final, NamedTuple


class PanelText(NamedTuple):
    """What a panel is called, the unit of its values as Grafana names it (empty for text), and what its numbers mean."""

    title: str
    unit: str
    description: str


SLOS_PAGING: Final = PanelText("SLOs with a page", "none", "How many SLOs have a page firing now.")
SLOS_EXHAUSTED: Final = PanelText(
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

BUDGET_REMAINING: Final = PanelText(
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
