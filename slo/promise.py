"""What an SLO promises, in words: the same on pages, in messages and on panels."""

from __future__ import annotations

from . import figures
from .slo import SLO


def promise(slo: SLO) -> str:
    """`99.99 % of the requests to payments succeed`, or `are answered within 250 ms`; the window is the caller's to name."""
    threshold = slo.sli.threshold
    kept = "succeed" if threshold is None else f"are answered within {figures.threshold(threshold)}"
    return f"{figures.objective(slo.objective)} of the requests to {slo.service} {kept}"
