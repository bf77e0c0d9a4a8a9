"""The house as a picture: floor by floor, each room above those it imports, and the parts of large rooms in strata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from .drawing import CODE, LINE, WIDTH, Box, Picture, Point, wrapped
from .house import FLOORS, Floor, Room, asked, plain, rooms
from .source import Tree

COLUMNS: Final = (112, 234, 312, 632, 742, 862, 1000)
"""Where the columns of the picture begin, and where the last one ends."""

PLACES: Final[Mapping[str, tuple[int, int, int]]] = {
    "__main__": (0, 0, 2), "cli": (0, 2, 6),
    "api": (1, 0, 1), "service": (1, 1, 4), "client": (1, 4, 5), "examples": (1, 5, 6),
    "serving": (2, 0, 4), "answers": (2, 4, 5),
    "dashboards": (3, 0, 2), "collector": (3, 2, 3), "settings": (3, 3, 4),
    "alerts": (4, 0, 2),
    "slo": (5, 0, 4), "instrumentation": (5, 4, 6),
}  # fmt: skip
"""Where each room stands: in which row, from which column to which; every arrow then runs straight down, or along its row."""

PAD: Final = 9
ABOVE: Final = 18
BELOW: Final = 14
PART: Final = 22


def house_picture(house: Tree) -> str:
    """From the roof down."""
    picture = Picture("The house: floors, rooms, and who imports whom")
    places = boxes(house)
    for floor in FLOORS:
        here = [places[name] for name in floor.rooms]
        _floor(picture, floor, min(box.y for box in here) - ABOVE, max(box.bottom for box in here) + BELOW)
    for line in lines(house):
        picture.arrow(line)
    for name, room in rooms(house).items():
        _draw(picture, room, places[name])
    return picture.svg(max(box.bottom for box in places.values()) + BELOW)


def boxes(house: Tree) -> dict[str, Box]:
    """Where each room stands, and how large it is."""
    found, y = rooms(house), 0.0
    places: dict[str, Box] = {}
    for floor in FLOORS:
        for row in sorted({PLACES[name][0] for name in floor.rooms}):
            here = {name: _box(found[name], y + ABOVE) for name in floor.rooms if PLACES[name][0] == row}
            places |= here
            y = max(box.bottom for box in here.values()) + BELOW
        y += BELOW
    return places


def lines(house: Tree) -> list[list[Point]]:
    """The arrows: who imports whom, but for what others imply."""
    places = boxes(house)
    return [_line(places[name], places[other]) for name, others in plain(asked(house)).items() for other in others]


def _floor(picture: Picture, floor: Floor, top: float, bottom: float) -> None:
    picture.box(Box(0, top, WIDTH, bottom - top), "floor", 0)
    picture.words(14, top + 32, f"Floor {floor.number}", "head")
    picture.paragraph(Box(14, top + 36, COLUMNS[0] - 20, 0), floor.does)


def _box(room: Room, y: float) -> Box:
    _, first, end = PLACES[room.name]
    wide = COLUMNS[end] - COLUMNS[first] - 12
    return Box(COLUMNS[first], y, wide, _height(room, wide))


def _height(room: Room, wide: float) -> float:
    inside = wide - 2 * PAD
    lines = len(wrapped(room.says, inside))
    rows = sum(len(list(_part_rows(level, wide))) for level in room.strata)
    return 32 + lines * LINE + (rows * (PART + 5) + 8 if rows else 0)


def _part_rows(level: Iterable[str], wide: float) -> Iterator[list[str]]:
    row: list[str] = []
    x = 0.0
    for name in level:
        if row and x + _part_width(name) > wide - 2 * PAD:
            yield row
            row, x = [], 0.0
        row.append(name)
        x += _part_width(name) + 5
    yield row


def _part_width(name: str) -> float:
    return 14 + len(name) * 11 * CODE


def _draw(picture: Picture, room: Room, box: Box) -> None:
    picture.box(box, "room")
    picture.words(box.x + PAD, box.y + 18, room.name, "code head")
    y = picture.paragraph(Box(box.x + PAD, box.y + 20, box.w - 2 * PAD, 0), room.says)
    if room.strata:
        y += 8
    for level in room.strata:
        for row in _part_rows(level, box.w):
            x = box.x + PAD
            for name in row:
                wide = _part_width(name)
                picture.box(Box(x, y, wide, PART), f"part {room.name}", 4)
                picture.words(x + wide / 2, y + 15, name, "code part-name", "middle")
                x += wide + 5
            y += PART + 5


def _line(start: Box, end: Box) -> list[Point]:
    """The way of an arrow: straight down where one stands above the other, else along the floor."""
    left, right = max(start.x, end.x), min(start.right, end.right)
    if left < right:
        return [((left + right) / 2, start.bottom), ((left + right) / 2, end.y)]
    y = max(start.y, end.y) + 18
    return [(start.right, y), (end.x, y)] if start.right < end.x else [(start.x, y), (end.right, y)]
