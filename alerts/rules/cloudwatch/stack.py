"""All that is made of a set of SLOs, and what CloudWatch can't say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ....slo import SLO, NoData, Severity, SLIKind
from ...dependencies import Dependencies
from .alarms import SloAlarms, rules_said
from .application_signals import look_back_minutes, objective
from .emf_counts import why_not
from .limits import MOST_RESOURCES
from .resource import Resource

_MOST_NAMED: Final = 5


def resources(slos: Sequence[SLO], public_url: str) -> list[Resource]:
    """Alarms and objectives of those that CloudWatch counts, each after those it is made of; the same in whatever order."""
    known = sorted((slo for slo in slos if not why_not(slo)), key=lambda slo: slo.name)
    paging = {slo.name for slo in known if any(rule.severity is Severity.PAGE for rule in rules_said(slo))}
    above = Dependencies(slos)
    found: list[Resource] = []
    for slo in known:
        parents = tuple(sorted(paging.intersection(above.above(slo.name))))
        found += [*SloAlarms(slo, public_url, parents).resources(), objective(slo)]
    return found


def notes(slos: Sequence[SLO]) -> Iterator[str]:
    """What CloudWatch can't say of the SLOs: a sentence for each reason, with the names of those it holds for."""
    of: dict[str, list[str]] = {}
    for slo in slos:
        reason = why_not(slo)
        for each in [f"no alarms in CloudWatch, because {reason}"] if reason else _gaps(slo):
            of.setdefault(each, []).append(slo.name)
    yield from (f"{_listed(names)}: {each}" for each, names in of.items())
    if (made := len(resources(slos, ""))) > MOST_RESOURCES:
        yield f"the template has {made} resources, and CloudFormation takes {MOST_RESOURCES}: build folders of fewer SLOs"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _gaps(slo: SLO) -> Iterator[str]:
    for rule in slo.rules:
        if rule not in rules_said(slo):
            yield f"no alarm of CloudWatch looks back over {rule.long} and {rule.short}; whole minutes, up to 7d"
    if len({w for rule in rules_said(slo) for w in (rule.long, rule.short)}) > len(look_back_minutes(slo)):
        yield "Application Signals shows ten burn rates, those over the shortest windows"
    if slo.sli.kind is SLIKind.LATENCY:
        yield "CloudWatch counts the durations of failed requests as well"
    if slo.group_by:
        yield "CloudWatch judges all groups together"
    if slo.corrections:
        yield "corrections are not seen by CloudWatch"
    if slo.no_data is NoData.BAD:
        yield "CloudWatch can't tell a silent service from one that nobody calls, and counts nothing as failed"
