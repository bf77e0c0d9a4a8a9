"""Alerts: those that are open and those that are over, and one with all that was done about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ..alerts import Alert, EndedAlert, OpenAlert
from ..alerts.links import slo_path
from ..slo import figures, timestamp
from .listing import Cell, Choice, Listing
from .on_call_page import on_call_path
from .page import render


def alerts_listing(opened: Iterable[OpenAlert], ended: Sequence[EndedAlert], now: float, days: int) -> Listing:
    """The open ones, pages first, then those that ended in so many days, the last to end first."""
    lines = [*(_open_line(each, now) for each in opened), *(_ended_line(each, now) for each in ended)]
    choices = [Choice(f"{each} days", f"/alerts?days={each}", each == days) for each in (1, 7, 30, 90, 400)]
    says = f"Open alerts, and those that ended in the last {days} day{'' if days == 1 else 's'}."
    heads = ("Alert", "State", "Why", "Began", "Lasted", "Answered")
    return Listing("Alerts", says, heads, lines, "No alert is open, and none ended in this time.", choices)


def _open_line(each: OpenAlert, now: float) -> tuple[Cell, ...]:
    alert, taken = each.alert, each.alert.acknowledged
    return (
        Cell(_name(alert), _path(alert)),
        Cell("held back" if each.inhibited else "firing", tone="red"),
        Cell(alert.words),
        _moment(alert.began, now),
        Cell(figures.duration(max(0, int(now) - int(alert.began)))),
        Cell("nobody" if taken is None else taken.by),
    )


def _ended_line(each: EndedAlert, now: float) -> tuple[Cell, ...]:
    alert = each.alert
    return (
        Cell(_name(alert), _path(alert)),
        Cell("ended" if alert.told else "ended, nobody was told"),
        Cell(alert.reason),
        _moment(alert.began, now),
        Cell(figures.duration(int(each.seconds))),
        Cell("nobody" if each.answered is None else each.answered.by),
    )


@dataclass(frozen=True, slots=True)
class AlertView:
    """What `render_alert` needs: an alert, and when it ended where it is over; `found` is that which knows of its end."""

    alert: Alert
    now: float
    found: EndedAlert | None = None
    sendings: Sequence[str] = ()


def render_alert(view: AlertView, notices: Sequence[str] = ()) -> str:
    """The page at `/alerts/{number}`. No clock is read: `now` comes with the view."""
    alert, now, found = view.alert, view.now, view.found
    return render(
        "alert.html.j2",
        now,
        now,
        notices,
        title=_name(alert),
        alert=alert,
        open=found is None,
        facts=list(_facts(view)),
        decisions=[
            (figures.clock(each.at, now), timestamp(each.at), each.stage, each.reason) for each in alert.decisions
        ],
        sendings=list(view.sendings),
        notes=[note.words for note in alert.notes],
        slo_path=slo_path(alert.slo) if alert.slo else "",
        past_path=_past(alert, now if found is None else found.ended) if alert.slo else "",
        on_call=on_call_path(alert.slo) if alert.slo else "",
    )


def _facts(view: AlertView) -> Iterable[tuple[str, str]]:
    alert, now, found = view.alert, view.now, view.found
    yield "State", f"firing {figures.since(alert.firing.since, now)}" if found is None else "over"
    yield "Began", figures.clock(alert.began, now)
    if found is not None:
        yield "Ended", f"{figures.clock(found.ended, now)}, after {figures.duration(int(found.seconds))}"
    yield (
        "Told",
        figures.clock(alert.told_at, now) if alert.told_at is not None else "nobody" if not alert.told else "yes",
    )
    taken = alert.acknowledged if found is None else found.answered
    yield "Answered", "nobody" if taken is None else f"{taken.by}, {figures.clock(taken.at, now)}"
    if alert.flaps or alert.opened_again:
        yield "Came back", f"{alert.flaps} flaps, opened again {alert.opened_again} times"
    if found is not None and found.verdict is not None:
        verdict = found.verdict
        yield "Was it useful", f"{'yes' if verdict.useful else 'no'}, says {verdict.by}"


def _past(alert: Alert, end: float) -> str:
    """Its SLO's page, of the time of the incident with an hour around it."""
    start = int(alert.began) - 3600
    return f"{slo_path(alert.slo)}?from={max(0, start)}&to={int(end) + 3600}#history"


def _name(alert: Alert) -> str:
    kind = alert.key.kind.value.replace("_", " ")
    return f"{alert.slo or alert.service}: {kind}"


def _path(alert: Alert) -> str:
    return f"/alerts/{quote(str(alert.number))}"


def _moment(t: float, now: float) -> Cell:
    return Cell(figures.clock(t, now), moment=timestamp(t))
