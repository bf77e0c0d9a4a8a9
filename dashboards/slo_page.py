"""The page of one SLO: what it is in, what to do, and the numbers explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..alerts import OpenAlert
from ..alerts.silences.silence import Silence
from ..slo import Chance, Status, Unit, allowance, explain, outlook
from .card import Card
from .history import Chart, History, burn_down, failures, indicator, traffic
from .on_call_page import on_call_path, silence_line
from .page import is_stale, render
from .steps import STEPS


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """What `render_slo` needs. `recent` is drawn as failures, traffic and good share, `whole` (the budget's window) as burn-down.

    `chance` is that of its promise, `silences` are those that concern it.
    """

    status: Status
    now: float
    since: float | None = None
    alerts: Sequence[OpenAlert] = ()
    notices: Sequence[str] = ()
    recent: History | None = None
    whole: History | None = None
    chance: Chance | None = None
    silences: Sequence[Silence] = ()


def render_slo(view: Detail) -> str:
    """The page at `/slo/{name}`: one SLO, with its numbers explained. No clock is read: `now` comes with the view."""
    status, now = view.status, view.now
    card = Card(status, now, view.since, view.alerts, stale=is_stale(status.now, now))
    return render(
        "slo.html.j2",
        now,
        status.now,
        view.notices,
        title=f"{card.face.value} {card.name}",
        card=card,
        slo=status.slo,
        promise=allowance(status.slo),
        charts=_charts(view),
        explained=explain(status, view.since, view.chance).splitlines(),
        outlook=outlook(status, view.chance),
        steps=STEPS[card.face],
        on_call=on_call_path(status.slo.name),
        silences=[silence_line(each, now) for each in view.silences],
        notes=[note.words for each in view.alerts for note in each.alert.notes],
    )


def _charts(view: Detail) -> list[Chart]:
    recent = [failures(view.recent), traffic(view.recent), indicator(view.recent, view.status)] if view.recent else []
    events = (
        view.status.slo.unit is Unit.EVENTS
    )  # which is what a history is of: no budget of slices or shares burns down by it
    return recent + ([burn_down(view.whole, view.status)] if view.whole and events else [])
