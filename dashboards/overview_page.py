"""The page an on-call engineer opens first: every SLO, worst first, and in its head what needs somebody now.

Everything shown was computed once, by the domain; here it is put into words. No clock is read: `now` comes with the view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..alerts import OpenAlerts
from ..slo import Evaluation, Status
from .asked import ON_A_PAGE, ORDERS, Asked
from .brief import Beside, Brief
from .card import Card
from .face import FACES, RANK, Face
from .others import faces_of, others_of
from .page import is_stale, render
from .steps import STEPS, STEPS_INSTEAD_OF_BURNS

FULL_CARDS: Final = 4
"""How many of the worst are shown with every window; the others take one line each."""

_SERVICES: Final = 24


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """What `render_overview` needs. `since`: when each SLO's state began; `alerts`: the open ones; `asked`: which SLOs, and in which order.

    `beside` is what is known of the SLO of `leading`, which the first screen is about.

    `notices` are told on top (a bad SLO file, a ledger that can't be written). `otlp` is what a newcomer's service should send to.
    """

    evaluation: Evaluation
    now: float
    since: Mapping[str, float] = field(default_factory=dict)
    alerts: OpenAlerts = field(default_factory=lambda: OpenAlerts({}))
    notices: Sequence[str] = ()
    asked: Asked = Asked()  # noqa: RUF009 - immutable
    beside: Beside = Beside()  # noqa: RUF009 - immutable
    how: bool = False
    otlp: str = "http://127.0.0.1:4318"


def leading(evaluation: Evaluation, asked: Asked, now: float) -> Status | None:
    """The SLO that the first screen is about: the worst of the first page where it is not well; None where all that is asked for is."""
    faces = faces_of(evaluation, now)
    rows = asked.rows(evaluation, faces)
    if asked.page > 1 or not rows or faces[rows[0]].calm:
        return None
    return evaluation.status(rows[0])


def render_overview(view: Overview) -> str:
    """The page at `/`: every SLO, worst first."""
    evaluation, asked, now = view.evaluation, view.asked, view.now
    faces = faces_of(evaluation, now)
    rows = asked.rows(evaluation, faces)
    cards = _cards(view, rows[asked.first : asked.first + ON_A_PAGE])
    full = sum(not card.face.calm for card in cards[:FULL_CARDS]) if asked.is_worst_first and asked.page == 1 else 0
    counts = Counter(faces[row] for row in rows)
    return render(
        "overview.html.j2",
        now,
        evaluation.now,
        view.notices,
        title=_title(counts, cards),
        verdict=_verdict(counts),
        tone=_tone(counts),
        counts=[(face, counts[face], asked.path(state=face.tone)) for face in FACES if counts[face]],
        services=_services(evaluation, faces),
        asked=asked,
        brief=_brief(view, cards[0], faces) if full else None,
        full=cards[1:full],
        lines=cards[full:],
        pages=asked.pages(len(rows)),
        steps={face.tone: STEPS[face] for face in STEPS_INSTEAD_OF_BURNS},
        otlp=view.otlp,
        known=len(evaluation),
        faces=FACES,
        orders=ORDERS,
    )


def _brief(view: Overview, card: Card, faces: Sequence[Face]) -> Brief:
    return Brief(card, view.beside, others_of(view.evaluation, faces, card.name, view.now), view.how)


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
