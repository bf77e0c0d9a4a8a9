"""What an SLO promises, in a sentence anybody understands."""

from __future__ import annotations

from fractions import Fraction

from ..slo.slo import SLO
from .figures import duration, percent


def promise(slo: SLO) -> str:
    """Such as `99.99 % of the requests to payments succeed, over any 30d. That allows 4 min 19 s of total outage.`"""
    how = "succeed" if slo.sli.threshold is None else f"are answered within {duration(Fraction(slo.sli.threshold))}"
    down = duration(slo.objective.allowed * slo.window.seconds)
    target = percent(Fraction(slo.objective.target), digits=None)
    return (
        f"{target} of the requests to {slo.service} {how}, over any {slo.window}. That allows {down} of total outage."
    )
