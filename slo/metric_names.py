"""The metrics that say how SLOs stand: what a collector shows at /metrics, and rules and panels ask for. Their names are a contract."""

from __future__ import annotations

from typing import Final

EVENTS: Final = "slo_events_total"
OBJECTIVE: Final = "slo_objective_ratio"
BUDGET_REMAINING: Final = "slo_error_budget_remaining_ratio"
BURN_RATE: Final = "slo_burn_rate"
ALERT_FIRING: Final = "slo_alert_firing"
STATE: Final = "slo_state"
GROUP_INFO: Final = "slo_group_info"
"""Beside these labels it has one for each attribute that groups are made by: `group.value_labels`."""

WINDOW: Final = "window"
RESULT: Final = "result"
GOOD: Final = "good"
BAD: Final = "bad"
GROUP_OF: Final = "group_of"

LABELS: Final[dict[str, frozenset[str]]] = {
    EVENTS: frozenset({"slo", "service", RESULT}),
    OBJECTIVE: frozenset({"slo", "service"}),
    BUDGET_REMAINING: frozenset({"slo", "service"}),
    BURN_RATE: frozenset({"slo", "service", WINDOW}),
    ALERT_FIRING: frozenset({"slo", "service", "severity"}),
    STATE: frozenset({"slo", "service", "state"}),
    GROUP_INFO: frozenset({"slo", "service", GROUP_OF}),
}
"""Every one of them, with its labels."""
