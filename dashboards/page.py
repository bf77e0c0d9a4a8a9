"""The pages an on-call engineer opens: HTML from the server, readable without scripts, under a strict Content-Security-Policy.

Everything shown was computed once, by the domain; here it is put into words. No clock is read: `now` comes with the view.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ..slo import figures
from ..slo.evaluate import Evaluation
from ..slo.status import STATES, Status
from .card import AlertJson, Card, alerts_by_slo, card_of
from .face import FACES, STALE_EVALUATION, Face, face_of
from .history import Chart, History, burn_down, failures, indicator, traffic
from .promise import explained, promise
from .steps import STEPS, STEPS_INSTEAD_OF_BURNS

FIRST_SCREEN: Final = 100
"""SLOs on the first page; the others are one click away."""

FULL_CARDS: Final = 8
"""How many of the worst are shown with every window; the others take one line each."""

REFRESH_SECONDS: Final = 10

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The header to serve the pages with: nothing from elsewhere, nothing inline."""

_HERE: Final = Path(__file__).resolve().parent
STATIC: Final = _HERE / "static"
"""The folder to serve at /static: styles, the refreshing script, the icon."""


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """What `render_overview` needs. `since`: when each SLO's state began; `alerts`: open ones, as the API says them.

    `notices` are told on top (a bad SLO file, a ledger that can't be written). `otlp` is what a newcomer's service should send to.
    """

    evaluation: Evaluation
    now: float
    since: Mapping[str, float] = field(default_factory=dict)
    alerts: Sequence[AlertJson] = ()
    notices: Sequence[str] = ()
    show_all: bool = False
    service: str = ""
    otlp: str = "http://127.0.0.1:4318"


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """What `render_slo` needs. `recent` is drawn as failures, traffic and good share, `whole` (the budget's window) as burn-down."""

    status: Status
    now: float
    since: float | None = None
    alerts: Sequence[AlertJson] = ()
    notices: Sequence[str] = ()
    recent: History | None = None
    whole: History | None = None


def render_overview(view: Overview) -> str:
    """The page at `/`: every SLO, worst first."""
    evaluation, stale = view.evaluation, _stale(view.evaluation.now, view.now)
    faces = _faces(evaluation, view.now, stale=stale)
    ordered = [row for row in _worst_first(evaluation, faces) if _is_shown(evaluation, row, view.service)]
    shown = ordered if view.show_all else ordered[:FIRST_SCREEN]
    alerts = alerts_by_slo(view.alerts)
    full = sum(not faces[row].calm for row in shown[:FULL_CARDS])
    cards = [_card(view, row, alerts, stale=stale, whole=place < full) for place, row in enumerate(shown)]
    counts = Counter(faces[row] for row in ordered)
    return _template("overview.html.j2").render(
        title=_title(counts, cards),
        verdict=_verdict(counts),
        tone=_tone(counts),
        urgent=[card for card in cards if card.face.urgent][:_URGENT_LINES],
        counts=[(face, counts[face]) for face in FACES if counts[face]],
        services=_services(evaluation, faces),
        service=view.service,
        full=cards[:full],
        lines=cards[full:],
        hidden=len(ordered) - len(shown),
        steps={face.tone: STEPS[face] for face in STEPS_INSTEAD_OF_BURNS},
        otlp=view.otlp,
        known=len(evaluation),
        **_frame(view.now, view.notices, _age_of(evaluation.now, view.now), stale=stale),
    )


def render_slo(view: Detail) -> str:
    """The page at `/slo/{name}`: one SLO, with its numbers explained."""
    stale = _stale(view.status.now, view.now)
    card = card_of(view.status, view.since, view.alerts, view.now, stale=stale)
    return _template("slo.html.j2").render(
        title=f"{card.face.value} {card.name}",
        card=card,
        slo=view.status.slo,
        promise=promise(view.status.slo),
        charts=_charts(view),
        explained=explained(view.status),
        steps=STEPS[card.face],
        **_frame(view.now, view.notices, _age_of(view.status.now, view.now), stale=stale),
    )


def render_missing(name: str, now: float) -> str:
    """The page for an SLO nobody knows; to be served with status 404."""
    return _template("missing.html.j2").render(title="No such SLO", name=name, **_frame(now, (), "", stale=False))


def _faces(evaluation: Evaluation, now: float, *, stale: bool) -> list[Face]:
    seen = evaluation.observation
    ages = (now - seen.heard).tolist()
    rows = zip(evaluation.states.tolist(), seen.silent.tolist(), ages, strict=True)
    return [
        face_of(STATES[state], silent=silent, age=None if math.isnan(age) else age, stale=stale)
        for state, silent, age in rows
    ]


def _worst_first(evaluation: Evaluation, faces: Sequence[Face]) -> list[int]:
    rank = {face: index for index, face in enumerate(FACES)}
    return sorted(evaluation.worst_first, key=lambda row: rank[faces[row]])


def _is_shown(evaluation: Evaluation, row: int, service: str) -> bool:
    return not service or evaluation.slos[row].service == service


def _card(view: Overview, row: int, alerts: Mapping[str, Sequence[AlertJson]], *, stale: bool, whole: bool) -> Card:
    status = view.evaluation.status(row)
    name = status.slo.name
    return card_of(status, view.since.get(name), alerts.get(name, ()), view.now, stale=stale, whole=whole)


def _services(evaluation: Evaluation, faces: Sequence[Face]) -> list[tuple[str, Face, int]]:
    """Each service with its worst face and how many of its SLOs have a bad one; worst first, at most as many as fit."""
    rank = {face: index for index, face in enumerate(FACES)}
    worst: dict[str, Face] = {}
    bad: Counter[str] = Counter()
    for slo, face in zip(evaluation.slos, faces, strict=True):
        worst[slo.service] = min(worst.get(slo.service, face), face, key=rank.__getitem__)
        bad[slo.service] += not face.calm
    ordered = sorted(worst, key=lambda service: (rank[worst[service]], service))
    return [(service, worst[service], bad[service]) for service in ordered[:_SERVICES]]


_SERVICES: Final = 24
_URGENT_LINES: Final = 5


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


def _charts(view: Detail) -> list[Chart]:
    recent = [failures(view.recent), traffic(view.recent), indicator(view.recent, view.status)] if view.recent else []
    return recent + ([burn_down(view.whole, view.status)] if view.whole else [])


def _frame(now: float, notices: Sequence[str], age: str, *, stale: bool) -> dict[str, Any]:
    return {
        "clock": figures.clock(now, now),
        "notices": list(notices),
        "stale": stale,
        "evaluated": age,
        "refresh": REFRESH_SECONDS,
        "assets": {path.name: _digest(path) for path in sorted(STATIC.iterdir()) if path.is_file()},
    }


def _age_of(evaluated: float, now: float) -> str:
    return figures.duration(int(max(0.0, now - evaluated)))


def _stale(evaluated: float, now: float) -> bool:
    return now - evaluated > STALE_EVALUATION


@cache
def _digest(path: Path) -> str:
    """Changes when the file does, so that browsers may keep it for ever."""
    return sha256(path.read_bytes()).hexdigest()[:10]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _template(name: str) -> Template:
    return _environment().get_template(name)
