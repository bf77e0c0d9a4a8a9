"""Charts of one SLO's past, from its counts. What they draw is what the tiles say: the same counts, the same budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import Markup

from ..slo import DAY, ErrorBudget, HistoryPoint, Interval, Status, figures
from .svg import Column, LevelLine, Mark, columns, lines


@dataclass(frozen=True, slots=True)
class History:
    """Counts in steps of `step` seconds over `interval`, as `EventSource.history` gives them: empty steps left out."""

    points: Sequence[HistoryPoint]
    interval: Interval
    step: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot and the words around it: what is drawn, its highest value, and moments along the time axis."""

    title: str
    says: str
    top: str
    bottom: str
    axis: tuple[str, ...]
    plot: Markup


def failures(history: History) -> Chart:
    """Failed requests a step."""
    worst = max(history.points, key=lambda point: point.bad, default=None)
    top = 0 if worst is None else worst.bad
    says = "no failed request"
    if worst is not None and top:
        says = (
            f"at most {figures.requests(top)} in {figures.duration(history.step)}, at {_moment(worst.t, history)} UTC"
        )
    values = [column_of(point, history, point.bad) for point in history.points]
    title = f"Failed requests per {figures.duration(history.step)}"
    return Chart(
        title, says, figures.count(top), "0", axis_of(history), columns(values, top, "bad", f"{title}: {says}")
    )


def traffic(history: History) -> Chart:
    """All requests a step."""
    top = max((point.total for point in history.points), default=0)
    total = sum(point.total for point in history.points)
    says = f"{figures.requests(total)} in {figures.duration(history.interval.seconds)}" if total else "no traffic"
    values = [column_of(point, history, point.total) for point in history.points]
    title = f"Requests per {figures.duration(history.step)}"
    return Chart(
        title, says, figures.count(top), "0", axis_of(history), columns(values, top, "traffic", f"{title}: {says}")
    )


def indicator(history: History, status: Status) -> Chart:
    """The share of good requests against the objective. The axis starts where the data does: at 99.99 % all else looks flat."""
    target, allowed = Fraction(status.slo.objective.target), status.slo.objective.allowed
    ratios = [Fraction(point.good, point.total) for point in history.points if point.total]
    bottom = max(Fraction(0), min([*ratios, target]) - allowed)
    lowest = figures.percent(min(ratios), digits=2) if ratios else figures.NOTHING
    says = f"lowest {lowest}, promised {figures.objective(status.slo.objective)}"
    title = "Share of good requests, and the objective"
    marks = [LevelLine(float(target), "objective")]
    plot = lines(_runs(history), float(bottom), 1.0, f"{title}: {says}", marks)
    return Chart(title, says, "100 %", figures.percent(bottom, digits=2), axis_of(history), plot)


def burn_down(history: History, status: Status, incidents: Sequence[float] = ()) -> Chart:
    """What was left of today's budget, as the failures of its window came in; marks stand where incidents began."""
    left = float(status.budget.remaining_ratio)
    shares = list(_left(history, status.budget)) if status.budget.allowed else []
    bottom = min([0.0, left, *(share for _, share in shares)])
    run = [(0.0, 1.0), *shares, (1.0, left)] if history.points else []
    within = [t for t in incidents if history.interval.start <= t < history.interval.end]
    began = f", {len(within)} incident{'' if len(within) == 1 else 's'}" if within else ""
    says = f"{figures.percent(status.budget.remaining_ratio)} left of {status.slo.window}{began}"
    title = f"Error budget over {status.slo.window}"
    marks = [Mark(place_of(t, history), "incident") for t in within]
    plot = lines([run] if run else [], bottom, 1.0, f"{title}: {says}", [LevelLine(0.0, "objective")], marks)
    return Chart(title, says, "100 %", figures.percent(Fraction(bottom)), axis_of(history), plot)


def _left(history: History, budget: ErrorBudget) -> Iterator[tuple[float, float]]:
    """A stair: level until a step with failures, then down."""
    share, spent = 1.0, 0
    for point in history.points:
        if not point.bad:
            continue
        spent += point.bad
        yield place_of(point.t, history), share
        share = float(budget.remaining_after(spent))
        yield place_of(point.t + history.step, history), share


def _runs(history: History) -> Iterator[list[tuple[float, float]]]:
    """Stretches without a gap: a step without traffic has no share of good requests, so no line runs through it."""
    run: list[tuple[float, float]] = []
    expected = None
    for point in history.points:
        if point.t != expected and run:
            yield run
            run = []
        if point.total:
            ratio = point.good / point.total
            run += [(place_of(point.t, history), ratio), (place_of(point.t + history.step, history), ratio)]
        expected = point.t + history.step
    if run:
        yield run


def column_of(point: HistoryPoint, history: History, value: float) -> Column:
    """A value that holds for the point's step."""
    return Column(place_of(point.t, history), place_of(point.t + history.step, history), value)


def place_of(t: float, history: History) -> float:
    """Where a moment is on the chart, from 0 to 1."""
    return min(1.0, max(0.0, (t - history.interval.start) / max(1, history.interval.seconds)))


def _moment(t: float, history: History) -> str:
    """A moment on the chart: the time of day, or the date where the chart is longer than that."""
    return figures.moment(t, with_date=history.interval.seconds > DAY)


def axis_of(history: History) -> tuple[str, ...]:
    """What stands below the chart: its first moment, its middle, its last."""
    start, seconds = history.interval.start, history.interval.seconds
    first, middle, last = (_moment(start + seconds * part / 2, history) for part in range(3))
    return first, middle, f"{last} UTC"
