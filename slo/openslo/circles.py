"""SLOs that can't be made of others as they say: made of themselves, depending on themselves, or of members without slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..composite import Rule
from ..errors import Fault
from ..slo import SLO

_MADE_OF: Final = "is made of itself"
_DEPENDS_ON: Final = "depends on itself"


def circles(slos: Sequence[SLO]) -> Iterator[Fault]:
    """A fault for each SLO that leads back to itself, with the way it takes."""
    members = {
        slo.name: tuple(member.name for member in slo.sli.composite.members) if slo.sli.composite else ()
        for slo in slos
    }
    parents = {slo.name: slo.depends_on for slo in slos}
    for slo in slos:
        for ways, remark in ((members, _MADE_OF), (parents, _DEPENDS_ON)):
            way = _way_back(slo.name, ways)
            if way and slo.place is not None:
                message = f"{remark}: {' -> '.join(way)}"
                yield Fault(slo.place.file, slo.place.line, slo.name, message, slo.place.column)


def without_slices(slos: Sequence[SLO]) -> Iterator[Fault]:
    """A fault for each composite of all or any that has a weighted one among its members: a mean of shares has no slices."""
    composites = {slo.name: slo.sli.composite for slo in slos if slo.sli.composite is not None}
    for slo in slos:
        composite = composites.get(slo.name)
        if composite is not None and composite.rule is not Rule.WEIGHTED and slo.place is not None:
            for name in (each.name for each in composite.members):
                if name in composites and composites[name].rule is Rule.WEIGHTED:
                    message = f"can't have {name} as a member: it is weighted, and has no slices that are good or bad"
                    yield Fault(slo.place.file, slo.place.line, slo.name, message, slo.place.column)


def _way_back(name: str, ways: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The shortest way from a name to itself; empty where there is none."""
    reached: dict[str, tuple[str, ...]] = {next_: (name, next_) for next_ in ways[name]}
    waiting = list(reached)
    for at in waiting:
        if at == name:
            return reached[at]
        for next_ in ways.get(at, ()):
            if next_ not in reached:
                reached[next_] = (*reached[at], next_)
                waiting.append(next_)
    return ()
