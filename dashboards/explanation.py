"""What a promise allows, and how an SLO's numbers came about, in sentences anybody understands."""

from __future__ import annotations

from ..slo import SLO, Status, promise
from ..slo.figures import MINUS, count, duration, percent, requests


def allowance(slo: SLO) -> str:
    """`99.99 % of the requests to payments succeed, over any 30d. That allows 4 min 19 s of total outage.`"""
    down = duration(slo.objective.allowed * slo.window.seconds)
    return f"{promise(slo)}, over any {slo.window}. That allows {down} of total outage."


def calculation(status: Status) -> str:
    """The budget as a calculation with its own figures."""
    slo, events, budget = status.slo, status.events, status.budget
    young = (
        ""
        if status.coverage >= 1
        else "Not the whole window was seen: the budget is that of a whole one at the traffic seen. "
    )
    allowed, share = count(budget.allowed), percent(slo.objective.allowed, digits=None)
    return (
        f"Of {requests(events.total)} seen in {slo.window}, {requests(events.bad)} failed. "
        f"The objective allows {allowed} to fail ({share}), or {duration(budget.seconds_allowed)} of total outage. {young}"
        f"Budget left = 1 {MINUS} {count(events.bad)} / {allowed} = {percent(budget.remaining_ratio)}. "
        "A burn rate of 1x spends exactly the whole budget in exactly that time."
    )
