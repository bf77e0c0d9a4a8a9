"""What fails, what changed and what it cost, in words: from a context, as whoever is woken asks."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from ...slo import Status, figures
from ...slo.measure import amount_failed
from .context import Cause, Context, Example, Rollout
from .plain import name

MOST_CAUSES: Final = 3

_TENTH: Final = Fraction(1, 10)


def fails(context: Context, now: float) -> str:
    """The largest causes with share and number, and the instance with most: `/pay, status 500 (96 %, 1,204); all on pod-1`, of how many."""
    if not context.failed or not context.causes:
        return ""
    told = [f"{_cause(each)} ({_share(each.failed, context)})" for each in context.causes[:MOST_CAUSES]]
    of = f"of {figures.requests(context.failed)} that failed since {figures.clock(context.interval.start, now)}"
    return "; ".join(filter(None, (*told, _instance(context), of)))


def changed(rollout: Rollout | None, since: float) -> str:
    """The newest deployment, by whom, and how long before the alert it began: `version 1.4.2 by ann, began to go out 2m 45s before ...`."""
    if rollout is None:
        return ""
    by = f" by {name(rollout.author)}" if rollout.author else ""
    commit = f", commit {name(rollout.commit)}" if rollout.commit else ""
    began = _apart(rollout.began, since)
    return f"version {name(rollout.version)}{by}, began to go out {began}, {_became(rollout)}{commit}"


def example(found: Example | None, now: float) -> str:
    """`4bf92f3577b34da6a3ce929d0e0e4736 (POST /pay, status 500, 03:12:44 UTC)`."""
    if found is None:
        return ""
    return f"{found.trace} ({', '.join(filter(None, (_route(found.route), _status(found.status), figures.clock(found.at, now))))})"


def cost(status: Status, context: Context) -> str:
    """What an incident cost: `1,204 requests failed since 03:07:00 UTC: 46.5 % of the budget (2m of outage)`; empty where nobody knows."""
    counted = context.counted
    if counted is None:
        return ""
    failed = amount_failed(status.slo, counted.bad)
    since = f"{failed} since {figures.clock(context.interval.start, status.now)}"
    if not status.budget.allowed or not counted.bad:
        return since
    ratio = counted.bad / status.budget.allowed
    outage = figures.duration(ratio * status.budget.seconds_allowed, up=True, compact=True)
    return f"{since}: {_spent(ratio)} of the budget ({outage} of outage)"


def _share(failed: int, context: Context) -> str:
    return f"{figures.percent(Fraction(failed, context.failed), 0)}, {figures.count(failed)}"


def _cause(cause: Cause) -> str:
    error = "" if cause.error == cause.status else name(cause.error)
    version = f"version {name(cause.version)}" if cause.version else ""
    known = ", ".join(filter(None, (_route(cause.route), _status(cause.status), error, version)))
    return known or "requests that say nothing of themselves"


def _route(route: str) -> str:
    return name(route)


def _status(status: str) -> str:
    return f"status {name(status)}" if status else ""


def _instance(context: Context) -> str:
    """The instance with most of it."""
    if not context.instances:
        return ""
    where, failed = max(context.instances.items(), key=lambda pair: pair[1])
    if not where:
        return ""
    return f"all on {name(where)}" if failed == context.failed else f"most on {name(where)} ({_share(failed, context)})"


def _became(rollout: Rollout) -> str:
    if rollout.rolled_back is not None:
        return "rolled back since"
    return "not finished yet" if rollout.ended is None else "finished"


def _apart(began: float, since: float) -> str:
    apart = int(since) - int(began)
    lasted = figures.duration(abs(apart), compact=True)
    return f"{lasted} before it fired" if apart >= 0 else f"{lasted} after it fired"


def _spent(ratio: Fraction) -> str:
    """A share that was spent, rounded up."""
    grid = 100 if ratio >= _TENTH else 1_000
    return figures.percent(Fraction(math.ceil(ratio * grid), grid), 0 if grid == 100 else 1)
