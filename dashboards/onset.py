"""When it began, and what went out meanwhile: failures and deployments on one time axis."""

from __future__ import annotations

from collections.abc import Iterable

from ..slo import figures
from .history import Chart, History, axis_of, column_of, place_of
from .svg import Mark, columns


def onset(history: History, rollouts: Iterable[tuple[float, bool]]) -> Chart:
    """Failures a step as columns, deployments as marks: those of the SLO's own service strong, others faint."""
    within = [(t, own) for t, own in rollouts if history.interval.start <= t < history.interval.end]
    top = max((point.bad for point in history.points), default=0)
    said = f"{figures.requests(top)} at most failed in {figures.duration(history.step)}" if top else "none failed"
    own = sum(own for _, own in within)
    went = f"{len(within)} deployments, {own} of its own service" if within else "no deployment"
    values = [column_of(point, history, point.bad) for point in history.points]
    marks = [Mark(place_of(t, history), "own" if own else "other") for t, own in within]
    length = figures.duration(history.interval.seconds)
    title = f"Failures and deployments, last {length}"
    plot = columns(values, top, "bad", f"{title}: {said}; {went}", marks)
    return Chart(title, f"{said}; {went}", figures.count(top), "0", axis_of(history), plot)
