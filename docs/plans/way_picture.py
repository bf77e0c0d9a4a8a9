"""A way of data as a picture: a stage a row, its steps from left to right, a dashed arrow where neither step knows the other."""

from __future__ import annotations

from typing import Final

from .drawing import CODE, WIDTH, Box, Picture
from .way import Stage, Step, Way

LEFT: Final = 150
"""Where steps begin; before it stands what their stage is."""

HIGH: Final = 40
APART: Final = 16
BELOW: Final = 30
"""A step's height, the room between two steps, and between two rows of them."""

SEQUENCE: Final = LEFT - 14
BRANCH: Final = LEFT - 26
"""Where arrows run down to the next row, and where to one further below."""

ROOMS: Final = ("collector", "slo", "alerts", "dashboards", "serving")
"""Rooms have colours, which are told below; so a step's own line need not name its room."""


def way_picture(way: Way, title: str) -> str:
    """The picture of a way."""
    picture = Picture(title)
    drawn: dict[str, Box] = {}
    y = 16.0
    for number, stage in enumerate(way.stages):
        begins = way.begins_at(number)
        y = _stage(picture, stage, y, drawn, None if begins is None else drawn[str(begins)])
    _legend(picture, way, y - BELOW + 28)
    return picture.svg(y - BELOW + 44)


def _stage(picture: Picture, stage: Stage, y: float, drawn: dict[str, Box], before: Box | None) -> float:
    """Draws a stage whose first row is at `y`, and says where the next begins."""
    picture.words(14, y + 17, stage.title, "head")
    picture.paragraph(Box(14, y + 20, BRANCH - 18, 0), stage.where)
    side = BRANCH if stage.after is not None else SEQUENCE
    for one, (x, row) in zip(stage.steps, _places(stage), strict=True):
        box = Box(x, y + row * (HIGH + BELOW), _width(one), HIGH)
        if before is not None:
            _arrow(picture, one, before, box, side)
        _chip(picture, one, box)
        drawn[str(one.place)] = before = box
        side = SEQUENCE
    return before.bottom + BELOW if before is not None else y


def _places(stage: Stage) -> list[tuple[float, int]]:
    """Where each step stands: its left edge, and in which row, as many in a row as fit."""
    found: list[tuple[float, int]] = []
    x, row = float(LEFT), 0
    for one in stage.steps:
        if x > LEFT:
            x += _apart(one)
        if x + _width(one) > WIDTH - 12:
            x, row = float(LEFT), row + 1
        found.append((x, row))
        x += _width(one)
    return found


def _chip(picture: Picture, one: Step, box: Box) -> None:
    picture.box(box, f"part {_room(one)}")
    picture.words(box.x + 9, box.y + 17, one.place.name, "code strong")
    picture.words(box.x + 9, box.y + 32, _module(one), "code dim small")


def _legend(picture: Picture, way: Way, y: float) -> None:
    met = {_room(one) for stage in way.stages for one in stage.steps}
    x = float(LEFT)
    for room in (room for room in ROOMS if room in met):
        picture.box(Box(x, y - 9, 11, 11), f"part {room}", 3)
        picture.words(x + 17, y, room, "code dim small")
        x += 17 + len(room) * 10.5 * CODE + 22


def _room(one: Step) -> str:
    return one.place.module.split(".", maxsplit=1)[0]


def _module(one: Step) -> str:
    """Its module without its room."""
    return one.place.module.removeprefix(f"{_room(one)}.")


def _arrow(picture: Picture, one: Step, start: Box, end: Box, side: float) -> None:
    kind, said = ("by", one.joint.kind) if one.joint else ("", "")
    if start.y == end.y:
        picture.arrow([(start.right, end.centre), (end.x, end.centre)], kind)
        picture.words((start.right + end.x) / 2 - 2, end.centre - 5, said, "joint", "middle")
        return
    turn = start.bottom + (8 if side == BRANCH else 15)
    down = [(start.middle, start.bottom), (start.middle, turn), (side, turn), (side, end.centre), (end.x, end.centre)]
    picture.arrow(down, kind)
    picture.words(LEFT, end.y - 4, said, "joint")


def _width(one: Step) -> float:
    return 18 + max(len(one.place.name) * 12.3 * CODE, len(_module(one)) * 10.5 * CODE)


def _apart(one: Step) -> float:
    return max(APART, len(one.joint.kind) * 6 + 14) if one.joint else APART
