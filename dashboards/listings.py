"""What went out, and what is silenced, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from ..alerts.silences.silence import Silence
from ..slo import figures, timestamp
from .listing import Cell, Choice, Listing

Release = Mapping[str, Any]
"""A deployment with what became of it, as the API gives it."""


def deployments_listing(found: Sequence[Release], now: float, service: str, days: int) -> Listing:
    """What went out in so many days, the newest first."""
    lines = [_release(each, now) for each in found]
    choices = [
        Choice(f"{each} days", f"/deployments?{urlencode({'service': service, 'days': each})}", each == days)
        for each in (1, 7, 30, 90)
    ]
    title = f"Deployments of {service}" if service else "Deployments"
    says = "What pipelines told of, and what each cost. A page within an hour after a deployment is its failure."
    heads = ("Deployment", "Began", "Took", "What became of it", "Burnt", "By")
    return Listing(title, says, heads, lines, "No deployment was told in this time.", choices)


def _release(each: Release, now: float) -> tuple[Cell, ...]:
    began = _seconds(each["started"] or each["finished"] or each["rolled_back"])
    failed = ", ".join(each["failures"])
    state = "done" if each["finished"] else "going out"
    burnt = [f"{figures.share(one['share'], up=True)} of {one['slo']}" for one in each["budget_burnt"] if one["share"]]
    took = figures.NOTHING if each["seconds"] is None else figures.duration(int(each["seconds"]))
    path = f"/deployments?{urlencode({'service': each['service']})}"
    return (
        Cell(f"{each['service']} {each['version']}", path),
        Cell(figures.clock(began, now), moment=timestamp(began)),
        Cell(took),
        Cell(failed or state, tone="red" if failed else ""),
        Cell("; ".join(burnt) or figures.NOTHING),
        Cell(", ".join(filter(None, (each["author"], each["commit"][:12]))) or figures.NOTHING),
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def silences_listing(found: Sequence[Silence], now: float) -> Listing:
    """Those in force and to come, then those that are over."""
    lines = [_silence(each, now) for each in found]
    says = "Whoever is silenced is told of nothing, but everything is counted and shown. A silence is ended on the page of its SLO."
    heads = ("Whose alerts", "State", "From", "Until", "By", "Why")
    return Listing("Silences", says, heads, lines, "Nothing is silenced.")


def _silence(each: Silence, now: float) -> tuple[Cell, ...]:
    state = {"pending": "to come", "active": "in force"}.get(each.state(now), "over")
    return (
        Cell(str(each.matchers)),
        Cell(state),
        Cell(figures.clock(each.start, now), moment=timestamp(each.start)),
        Cell(figures.clock(each.until, now), moment=timestamp(each.until)),
        Cell(each.author),
        Cell(each.reason),
    )
