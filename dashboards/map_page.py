"""The services map: who calls whom, and where it burns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup, escape

from ..slo import Evaluation, figures
from .calls import Call, Calls
from .face import RANK, Face
from .others import faces_of
from .page import render

MOST_SERVICES: Final = 60
"""Services that are drawn; the table has all."""

_WIDTH: Final = 150
_HEIGHT: Final = 34
_COLUMN: Final = 230
_ROW: Final = 54
_LETTERS: Final = 17


class _Place(NamedTuple):
    column: int
    row: int

    @property
    def x(self) -> int:
        return 10 + self.column * _COLUMN

    @property
    def y(self) -> int:
        return 10 + self.row * _ROW


@dataclass(frozen=True, slots=True, eq=False)
class ServicesMap:
    """What `render_map` needs; `calls` are those known."""

    evaluation: Evaluation
    calls: Mapping[Call, Calls]
    now: float
    notices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CallLine:
    """Calls of one service to another, in words."""

    caller: str
    callee: str
    seen: str
    known: str
    burns: bool


def render_map(view: ServicesMap) -> str:
    """The page at `/map`. No clock is read: `now` comes with the view."""
    faces = _worst(view)
    names = sorted(set(faces) | {name for call in view.calls for name in call})
    return render(
        "map.html.j2",
        view.now,
        view.evaluation.now,
        view.notices,
        title="Services map",
        drawing=_drawn(names, view.calls, faces),
        lines=[_line(call, calls, faces) for call, calls in sorted(view.calls.items())],
        services=[(name, faces.get(name), "/?" + urlencode({"service": name})) for name in names],
        hidden=max(0, len(names) - MOST_SERVICES),
    )


def _worst(view: ServicesMap) -> dict[str, Face]:
    """Each service's worst face."""
    found: dict[str, Face] = {}
    for slo, face in zip(view.evaluation.slos, faces_of(view.evaluation, view.now), strict=True):
        found[slo.service] = min(found.get(slo.service, face), face, key=RANK.__getitem__)
    return found


def _burns(call: Call, faces: Mapping[str, Face]) -> bool:
    """Whether what is called needs somebody now."""
    face = faces.get(call.callee)
    return face is not None and face.urgent


def _line(call: Call, calls: Calls, faces: Mapping[str, Face]) -> CallLine:
    seen = f"{figures.count(calls.seen)}, {figures.count(calls.failed)} failed" if calls.seen else figures.NOTHING
    known = " and ".join(filter(None, ("kept traces" if calls.seen else "", "an SLO file" if calls.declared else "")))
    return CallLine(call.caller, call.callee, seen, known, _burns(call, faces))


def _drawn(names: Sequence[str], calls: Mapping[Call, Calls], faces: Mapping[str, Face]) -> Markup:
    places = _places(names[:MOST_SERVICES], calls)
    if not places:
        return Markup()
    edges = (_edge(call, places, burns=_burns(call, faces)) for call in calls if set(call) <= set(places))
    nodes = (_node(name, place, faces.get(name)) for name, place in places.items())
    width = max(place.x for place in places.values()) + _WIDTH + 10
    height = max(place.y for place in places.values()) + _HEIGHT + 10
    burning = sorted({call.callee for call in calls if _burns(call, faces)})
    says = f"{len(names)} services; " + (f"calls to {', '.join(burning)} burn" if burning else "no call burns")
    return Markup(  # noqa: S704 - made of numbers and of escaped names
        f'<svg class="services-map" role="img" aria-label="{escape(says)}" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">{"".join((*edges, *nodes))}</svg>'
    )


def _places(names: Sequence[str], calls: Mapping[Call, Calls]) -> dict[str, _Place]:
    """Callers to the left of whom they call; circles end where they come back."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        deeper = {
            call.callee: depth[call.caller] + 1
            for call in calls
            if call.caller in depth and call.callee in depth and depth[call.callee] <= depth[call.caller]
        }
        deeper = {name: to for name, to in deeper.items() if to < len(names)}
        if not deeper:
            break
        depth |= deeper
    columns = sorted(set(depth.values()))
    filled = [0] * len(columns)
    places = {}
    for name in names:
        column = columns.index(depth[name])
        places[name] = _Place(column, filled[column])
        filled[column] += 1
    return places


def _edge(call: Call, places: Mapping[str, _Place], *, burns: bool) -> str:
    start, end = places[call.caller], places[call.callee]
    x, y, to_x, to_y = start.x + _WIDTH, start.y + _HEIGHT // 2, end.x, end.y + _HEIGHT // 2
    middle = (x + to_x) // 2
    return (
        f'<path class="edge{" burns" if burns else ""}" d="M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}">'
        f"<title>{escape(call.caller)} calls {escape(call.callee)}{', which burns' if burns else ''}</title></path>"
    )


def _node(name: str, place: _Place, face: Face | None) -> str:
    short = name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
    word = "" if face is None or face.calm else f", {face.value.lower()}"
    mark = "" if face is None or face.calm else "! "
    return (
        f'<g><title>{escape(name)}{word}</title><rect class="node {"" if face is None else face.tone}" '
        f'x="{place.x}" y="{place.y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{place.x + 10}" y="{place.y + 22}">{mark}{escape(short)}</text></g>'
    )
