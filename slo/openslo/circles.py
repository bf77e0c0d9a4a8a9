"""SLOs that can't be made of others as they say: of themselves, depending on themselves, of members without slices or with long ones."""

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


def asked_members(slos: Sequence[SLO]) -> Iterator[Fault]:
    """A remark on each composite that has a member whose counts are asked of an engine."""
    asked = {slo.name for slo in slos if slo.sli.promql is not None}
    for slo in slos:
        if slo.sli.composite is not None and slo.place is not None:
            for name in (each.name for each in slo.sli.composite.members if each.name in asked):
                message = (
                    f"is made without {name}, which is asked for in PromQL: composites are made of what is counted here"
                )
                yield Fault(slo.place.file, slo.place.line, slo.name, message, slo.place.column)


def misfits(slos: Sequence[SLO]) -> Iterator[Fault]:
    """A fault for each weighted composite over a window that slices it is made of can't be counted over."""
    known = {slo.name: slo for slo in slos}
    for slo in slos:
        if slo.place is None:
            continue
        for name in _made_of(slo, known):
            slices = known[name].slices
            misfit = next(filter(None, map(slices.misfit, sorted(slo.windows))), "") if slices else ""
            if misfit:
                message = f"can't have {name} as a member: {misfit}"
                yield Fault(slo.place.file, slo.place.line, slo.name, message, slo.place.column)


def _made_of(slo: SLO, known: Mapping[str, SLO]) -> Sequence[str]:
    """Whom a weighted composite counts over its own windows: its members, and those of members that are weighted; others, nobody."""
    found: dict[str, None] = {}
    waiting = [slo]
    for each in waiting:
        composite = each.sli.composite
        if composite is not None and composite.rule is Rule.WEIGHTED:
            new = [name for name in (one.name for one in composite.members) if name in known and name not in found]
            found |= dict.fromkeys(new)
            waiting += [known[name] for name in new]
    return list(found)


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
