"""The house: its floors, its rooms and their parts, and who imports whom."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Final, NamedTuple

from .page import table
from .source import Tree, strong_parts

PACKAGE: Final = "fournines"


class Floor(NamedTuple):
    """A floor, what its rooms are there for, and these."""

    number: int
    does: str
    rooms: tuple[str, ...]


FLOORS: Final = (
    Floor(4, "words to calls", ("__main__", "cli")),
    Floor(
        3,
        "puts the rooms together, owns the clock, answers",
        ("service", "api", "serving", "answers", "client", "examples"),
    ),
    Floor(2, "takes in, and shows", ("dashboards", "collector", "settings")),
    Floor(1, "tells people", ("alerts",)),
    Floor(0, "the ground: what counts mean, and who sends them", ("slo", "instrumentation")),
)
"""Each room stands above those it imports, or beside them."""


class Room(NamedTuple):
    """A folder or a module of the root: what it says of itself, and its parts in strata, the lowest last."""

    name: str
    says: str
    strata: list[list[str]]


def room_of(module: str, depth: int = 1) -> str:
    """The room that a module belongs to, or the part of a room."""
    return ".".join(module.split(".")[1 : depth + 1])


def asked(house: Tree, depth: int = 1, within: str = "") -> dict[str, set[str]]:
    """Which rooms (or parts of one) each of them imports."""
    members = [name for name in house.modules if room_of(name, depth) and f"{room_of(name, depth)}.".startswith(within)]
    graph: dict[str, set[str]] = {room_of(name, depth): set() for name in members}
    for name in members:
        found = {room_of(other, depth) for other in house.asks(name)}
        graph[room_of(name, depth)] |= (found & graph.keys()) - {room_of(name, depth)}
    return graph


def plain(graph: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """The graph without what others of its arrows imply."""
    return {
        name: sorted(other for other in others if not any(other in _below(graph, via) for via in others - {other}))
        for name, others in graph.items()
    }


def _below(graph: Mapping[str, set[str]], name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for other in graph[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found


def strata(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The parts of a room so that each stands above those it imports; those that import each other stand side by side."""
    together = {name: min(part) for part in strong_parts(graph) for name in part}
    merged: dict[str, set[str]] = {}
    for name, others in graph.items():
        merged.setdefault(together[name], set()).update({together[other] for other in others} - {together[name]})
    height: dict[str, int] = {}
    for name in TopologicalSorter(merged).static_order():
        height[name] = 1 + max((height[other] for other in merged[name]), default=-1)
    levels: list[list[str]] = [[] for _ in range(1 + max(height.values(), default=-1))]
    for name in sorted(graph):
        levels[height[together[name]]].append(name)
    return levels[::-1]


def rooms(house: Tree) -> dict[str, Room]:
    """Every room of the house."""
    return {name: _room(house, name) for name in sorted({room_of(module) for module in house.modules} - {""})}


def _room(house: Tree, name: str) -> Room:
    return Room(name, house.modules[f"{PACKAGE}.{name}"].says, strata(among_parts(house, name)))


def among_parts(house: Tree, room: str) -> dict[str, set[str]]:
    """Which parts of a room, its sub-folders, each of them imports."""
    graph = asked(house, 2, f"{room}.")
    parts = {part for part in graph if house.modules[f"{PACKAGE}.{part}"].path.name == "__init__.py"} - {room}
    return {part.rpartition(".")[2]: {other.rpartition(".")[2] for other in graph[part] & parts} for part in parts}


def house_list(house: Tree) -> str:
    """The house in words: a row a room with all that it imports, and a row a part."""
    graph, found = asked(house), rooms(house)
    rows = [
        [str(floor.number), f"`{name}`", found[name].says, ", ".join(sorted(graph[name])) or "-"]
        for floor in FLOORS
        for name in floor.rooms
    ]
    parts = [
        [f"`{name}.{part}`", house.modules[f"{PACKAGE}.{name}.{part}"].says]
        for name, room in found.items()
        for part in sorted(part for level in room.strata for part in level)
    ]
    picture = "![The house, drawn: floors, rooms, and who imports whom](images/house.svg)"
    return "\n\n".join(
        (
            picture,
            table(["floor", "room", "what it says of itself", "imports"], rows),
            table(["part", "what it says of itself"], parts),
        )
    )
