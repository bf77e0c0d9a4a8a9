"""The page an on-call engineer opens first: every SLO, worst first, and in its head what needs somebody now.

Everything shown was computed once, by the domain; here it is put into words. No clock is read: `now` comes with the view.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ..alerts import OpenAlerts
from ..slo import STATES, Evaluation
from .card import Card
from .face import FACES, RANK, Face, face_of
from .page import is_stale, render
from .steps import STEPS, STEPS_INSTEAD_OF_BURNS

FIRST_SCREEN: Final = 100
"""SLOs on the first page; the others are one click away."""

FULL_CARDS: Final = 8
"""How many of the worst are shown with every window; the others take one line each."""

_SERVICES: Final = 24
_URGENT_LINES: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """What `render_overview` needs. `since`: when each SLO's state began; `alerts`: the open ones.

    `notices` are told on top (a bad SLO file, a ledger that can't be written). `otlp` is what a newcomer's service should send to.
    """

    evaluation: Evaluation
    now: float
    since: Mapping[str, float] = field(default_factory=dict)
    alerts: OpenAlerts = field(default_factory=lambda: OpenAlerts({}))
    notices: Sequence[str] = ()
    show_all: bool = False
    service: str = ""
    otlp: str = "http://127.0.0.1:4318"


def render_overview(view: Overview) -> str:
    """The page at `/`: every SLO, worst first."""
    evaluation = view.evaluation
    faces = _faces(evaluation, view.now)
    rows = _rows(view, faces)
    cards = _cards(view, rows if view.show_all else rows[:FIRST_SCREEN])
    full = sum(not card.face.calm for card in cards[:FULL_CARDS])
    counts = Counter(faces[row] for row in rows)
    return render(
        "overview.html.j2",
        view.now,
        evaluation.now,
        view.notices,
        title=_title(counts, cards),
        verdict=_verdict(counts),
        tone=_tone(counts),
        urgent=[card for card in cards if card.face.urgent][:_URGENT_LINES],
        counts=[(face, counts[face]) for face in FACES if counts[face]],
        services=_services(evaluation, faces),
        service=view.service,
        full=cards[:full],
        lines=cards[full:],
        hidden=len(rows) - len(cards),
        steps={face.tone: STEPS[face] for face in STEPS_INSTEAD_OF_BURNS},
        otlp=view.otlp,
        known=len(evaluation),
    )


def _faces(evaluation: Evaluation, now: float) -> list[Face]:
    """What every SLO looks like; its card says the same."""
    seen, stale = evaluation.observation, is_stale(evaluation.now, now)
    ages = np.maximum(0.0, evaluation.now - seen.heard) + max(0.0, now - evaluation.now)
    rows = zip(evaluation.states.tolist(), seen.silent.tolist(), ages.tolist(), strict=True)
    return [
        face_of(STATES[state], silent=silent, age=None if math.isnan(age) else age, stale=stale)
        for state, silent, age in rows
    ]


def _rows(view: Overview, faces: Sequence[Face]) -> list[int]:
    """The SLOs asked for, worst first."""
    slos = view.evaluation.slos
    asked = [row for row in view.evaluation.worst_first if view.service in ("", slos[row].service)]
    return sorted(asked, key=lambda row: RANK[faces[row]])


def _cards(view: Overview, rows: Sequence[int]) -> list[Card]:
    stale = is_stale(view.evaluation.now, view.now)
    return [
        Card(status, view.now, view.since.get(status.slo.name), view.alerts.of(status.slo), stale)
        for status in map(view.evaluation.status, rows)
    ]


def _services(evaluation: Evaluation, faces: Sequence[Face]) -> list[tuple[str, Face, int]]:
    """Each service with its worst face and how many of its SLOs have a bad one; worst first, at most as many as fit."""
    worst: dict[str, Face] = {}
    bad: Counter[str] = Counter()
    for slo, face in zip(evaluation.slos, faces, strict=True):
        worst[slo.service] = min(worst.get(slo.service, face), face, key=RANK.__getitem__)
        bad[slo.service] += not face.calm
    ordered = sorted(worst, key=lambda service: (RANK[worst[service]], service))
    return [(service, worst[service], bad[service]) for service in ordered[:_SERVICES]]


def _tone(counts: Mapping[Face, int]) -> Face:
    """What the head of the page looks like: burning where anything burns, else as the worst."""
    return next((face for face in (Face.BURNING, *FACES) if counts.get(face)), Face.NEVER_HEARD)


def _verdict(counts: Mapping[Face, int]) -> str:
    total, urgent = sum(counts.values()), sum(number for face, number in counts.items() if face.urgent)
    if not total:
        return "Nothing to watch yet"
    if urgent:
        return f"{urgent} of {total} SLOs need{'s' if urgent == 1 else ''} you now"
    waiting = [f"{counts[face]} {face.value.lower()}" for face in (Face.EXHAUSTED, Face.AT_RISK) if counts.get(face)]
    if waiting:
        return f"Nothing burns; of {total} SLOs {', '.join(waiting)}"
    if counts.get(Face.HEALTHY):
        return "Nothing burns"
    return "Nothing is known to burn, and nothing to be well"


def _title(counts: Mapping[Face, int], cards: Sequence[Card]) -> str:
    urgent = sum(number for face, number in counts.items() if face.urgent)
    if urgent and cards:
        return f"({urgent}) {cards[0].face.value} {cards[0].name}"
    return _verdict(counts)
