"""The page of one SLO: the first screen about it, its past, what spent its budget, and the numbers explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from ..alerts import OpenAlert
from ..alerts.links import slo_path
from ..alerts.silences.silence import Silence
from ..slo import Chance, Evaluation, Status, Unit, allowance, explain, outlook
from .brief import Beside, Brief
from .card import Card
from .history import Chart, History, burn_down, failures, indicator, traffic
from .on_call_page import on_call_path, silence_line
from .others import Others, faces_of, others_of
from .page import is_stale, render
from .shown import Shown
from .spending import BREAKDOWNS, Spending, breakdown_of

SHOWN: Final = "3h"
"""What is shown unless another time is asked for: three hours hold the slowest page pair's onset."""


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """What `render_slo` needs. `recent` is drawn as failures, traffic and good share, `whole` (the budget's window) as burn-down.

    `chance` is that of its promise, `silences` are those that concern it. `shown` is the time of `recent` and of `spending`;
    `evaluation` knows what else burns. `how` has each figure say how it was computed;
    `incidents` are when alerts of it began (epoch seconds).
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
    beside: Beside = Beside()  # noqa: RUF009 - immutable
    evaluation: Evaluation | None = None
    shown: Shown | None = None
    spending: Spending | None = None
    how: bool = False
    incidents: Sequence[float] = ()


def render_slo(view: Detail) -> str:
    """The page at `/slo/{name}`: one SLO, with its numbers explained. No clock is read: `now` comes with the view."""
    status, now = view.status, view.now
    card = Card(status, now, view.since, view.alerts, stale=is_stale(status.now, now))
    others = _others(view)
    shown = view.shown or Shown.of_last(SHOWN, now)
    return render(
        "slo.html.j2",
        now,
        status.now,
        view.notices,
        title=f"{card.face.value} {card.name}",
        brief=Brief(card, view.beside, others, view.how),
        card=card,
        slo=status.slo,
        promise=allowance(status.slo),
        charts=_charts(view),
        times=list(shown.choices(slo_path(card.name))),
        shown_from=shown.moments(now)[0],
        shown_to=shown.moments(now)[1],
        spent=None if view.spending is None else breakdown_of(view.spending, status),
        breakdowns=list(_breakdowns(view, shown)),
        explain_path=slo_path(card.name) + ("" if view.how else "?explain=1"),
        explained=explain(status, view.since, view.chance).splitlines(),
        outlook=outlook(status, view.chance),
        on_call=on_call_path(status.slo.name),
        silences=[silence_line(each, now) for each in view.silences],
        notes=[note.words for each in view.alerts for note in each.alert.notes],
    )


def _others(view: Detail) -> Others:
    if view.evaluation is None:
        return Others()
    return others_of(view.evaluation, faces_of(view.evaluation, view.now), view.status.slo.name, view.now)


def _breakdowns(view: Detail, shown: Shown) -> list[tuple[str, str, bool]]:
    """By what failures may be told apart: words, address, and whether they are."""
    path, by = slo_path(view.status.slo.name), None if view.spending is None else view.spending.by
    return [
        (words, f"{path}?{urlencode({**shown.asked, 'by': name})}#spent", name == by)
        for name, words in BREAKDOWNS.items()
    ]


def _charts(view: Detail) -> list[Chart]:
    recent = [failures(view.recent), traffic(view.recent), indicator(view.recent, view.status)] if view.recent else []
    events = (
        view.status.slo.unit is Unit.EVENTS
    )  # which is what a history is of: no budget of slices or shares burns down by it
    return recent + ([burn_down(view.whole, view.status, view.incidents)] if view.whole and events else [])
