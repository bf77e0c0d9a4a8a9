"""First steps for whoever was woken, where the runbook does not say better. General, and in the order they usually pay off."""

from __future__ import annotations

from typing import Final

from .face import Face

STEPS_INSTEAD_OF_BURNS: Final = (Face.NO_DATA, Face.STALE)
"""Where no burn rate is current, the first screen says what to do in its place."""

_BURNING_STEPS: Final = (
    "Did it begin with a release or a change of configuration? Roll that back first, ask why later.",
    "Is a dependency of this service burning too? Then start with the one furthest down the call.",
    "Neither? Shed or reroute the failing traffic, then find the failing route in its traces and logs.",
)
STEPS: Final[dict[Face, tuple[str, ...]]] = {
    Face.BURNING: _BURNING_STEPS,
    Face.EXHAUSTED: (
        "It does not burn now, or not fast: nobody needs to be woken for it.",
        "Hold risky releases of this service until old failures have left the window.",
        "Find what spent the budget in the charts below.",
    ),
    Face.AT_RISK: (
        "A slow burn: it can wait for working hours, not for next week.",
        *_BURNING_STEPS[:2],
    ),
    Face.NO_DATA: (
        "Is the service up? Ask its health endpoint, its load balancer and its orchestrator.",
        "It is up? Then it can't reach the collector: look at its OTLP endpoint, network rules and DNS.",
        "It was shut down on purpose? It left without saying good-bye; this settles when it is back.",
    ),
    Face.STALE: (
        "Nothing recent is known, so nothing here is sure. Look at the service itself.",
        "Then look why its exports are late: its log, the network, the collector's own health at /readyz.",
    ),
    Face.NEVER_HEARD: (
        "The service has not reported under this name yet: compare service.name with the SLO's service.",
    ),
    Face.NO_TRAFFIC: (
        "The service reports but nobody calls it. Is that expected at this hour? If not, look upstream.",
    ),
    Face.NOT_MEASURABLE: (
        "Too few events for such an objective: lower it, lengthen its window, or add probes to its traffic.",
    ),
    Face.HEALTHY: (),
}
"""What to do, by what the SLO looks like."""
