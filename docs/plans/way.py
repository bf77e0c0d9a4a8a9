"""A way of data through the house: steps in their order, and what ties each to the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from .source import Tree

PACKAGE: Final = "fournines."


class Place(NamedTuple):
    """A definition of the house, `collector.books.writer:Writer.submit`."""

    module: str
    name: str

    @classmethod
    def at(cls, text: str) -> Place:
        """Reads `module:Name`."""
        module, _, name = text.partition(":")
        return cls(module, name)

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"

    def says(self, house: Tree) -> str | None:
        """What is said there, in a sentence; None where there is no such place."""
        module = house.modules.get(PACKAGE + self.module)
        return None if module is None else module.says_of(self.name)


@dataclass(frozen=True)
class Joint:
    """What ties two steps of which neither knows the other: of what `kind`, said where, and the module that knows both."""

    kind: str
    at: Place
    tied_in: str


@dataclass(frozen=True)
class Step:
    """One step, and the joint by which data comes to it; None where it or the step before imports the other."""

    place: Place
    joint: Joint | None = None


@dataclass(frozen=True)
class Stage:
    """Steps that happen together, and where: on which thread, at which time. It goes on from `after`, or from the stage before."""

    title: str
    where: str
    steps: Sequence[Step]
    after: Place | None = None


@dataclass(frozen=True)
class Way:
    """One way from its beginning to its ends."""

    name: str
    title: str
    stages: Sequence[Stage]

    def begins_at(self, number: int) -> Place | None:
        """The step that a stage goes on from; None for the first one."""
        stage = self.stages[number]
        if stage.after is not None or number == 0:
            return stage.after
        return self.stages[number - 1].steps[-1].place

    def hops(self) -> Iterator[tuple[Place, Step]]:
        """Each step with the place before it."""
        for number, stage in enumerate(self.stages):
            before = self.begins_at(number)
            for step in stage.steps:
                if before is not None:
                    yield before, step
                before = step.place


def step(place: str, kind: str = "", at: str = "", tied_in: str = "") -> Step:
    """A step, with its joint where `kind` says one."""
    return Step(Place.at(place), Joint(kind, Place.at(at), tied_in) if kind else None)


def faults(way: Way, house: Tree) -> list[str]:
    """What of a way is not so in the house: places that are not there, and steps that nothing ties."""
    every = [one.place for stage in way.stages for one in stage.steps]
    every += [one.joint.at for stage in way.stages for one in stage.steps if one.joint]
    missing = [place for place in dict.fromkeys(every) if place.says(house) is None]
    if missing:
        return [f"{way.name}: there is no {place}" for place in missing]
    return [f"{way.name}: {fault}" for before, one in way.hops() if (fault := _loose(before, one, house))]


def _loose(before: Place, one: Step, house: Tree) -> str:
    """Why two steps are not tied; empty where they are."""
    ends = {PACKAGE + before.module, PACKAGE + one.place.module}
    if one.joint is None:
        tied = len(ends) == 1 or any(ends - {end} <= house.uses(end) for end in ends)
        return "" if tied else f"neither {before} nor {one.place} imports the other, and no joint is said"
    tied_in = PACKAGE + one.joint.tied_in
    if tied_in not in house.modules:
        return f"there is no {one.joint.tied_in}, which is to tie {before} to {one.place}"
    missing = sorted(end.removeprefix(PACKAGE) for end in ends - house.uses(tied_in) - {tied_in})
    return (
        f"{one.joint.tied_in} is to tie {before} to {one.place}, and imports no {', '.join(missing)}" if missing else ""
    )
