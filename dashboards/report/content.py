"""What a report says, block by block, the same in every format."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from ...slo.report import Incident, Month, Period, Report, ServiceReport, SloReport
from . import words
from .blocks import Bar, Block, Heading, Paragraph, Plot, Table, printed

_PROMISES: Final = ("Service", "SLO", "Objective", "Result", "Promise", "Budget left", "Bad", "Remarks")
_INCIDENTS: Final = ("Page", "SLO", "Began", "Lasted", "Taken on after", "By", "Bad", "Budget burnt", "Useful", "Why")
_RELEASES: Final = ("Version", "Began", "Took", "Author", "Failed")
_TAKEN_OUT: Final = ("SLO", "From", "To", "Taken out", "Author", "Reason")
_CAUSES: Final = ("SLO", "Route", "Status", "Error", "Version", "Bad", "Of all bad")
_DAY: Final = 86_400


def blocks_of(report: Report) -> Iterator[Block]:
    """The whole report: all services first, then each."""
    return map(printed, _blocks(report))


def _blocks(report: Report) -> Iterator[Block]:
    yield Heading(1, f"SLO report, {Period.parse(report.period).name}")
    yield Paragraph(_when(report))
    yield Paragraph(_verdict(report))
    yield from (Paragraph(f"{note[:1].upper()}{note[1:]}.") for note in report.notes)
    yield Heading(2, "Scorecard")
    yield Table(("Figure", "In all", "Remarks"), words.card_lines(report.scorecard), frozenset({1}))
    if len(report.services) > 1:
        yield _cards(report)
    yield Heading(2, "Promises")
    if any(service.slos for service in report.services):
        yield Table(_PROMISES, tuple(_promises(report)), frozenset({2, 3, 5, 6}))
    for service in report.services:
        yield from _service(report, service)


def _when(report: Report) -> str:
    last = words.day(report.end - _DAY // 2, report.zone)
    said = f"{words.day(report.start, report.zone)} to {last} ({report.zone}), made {words.made(report.made)}."
    if report.complete:
        return said
    return f"{said} It is not over: figures are of what lies behind, and so are budgets."


def _verdict(report: Report) -> str:
    alerts = report.alerts
    told = f"{_many(alerts.pages, 'page')} and {_many(alerts.others, 'other alert')}"
    precise = "none of them judged" if not alerts.judged else f"{alerts.useful} of {alerts.judged} judged were useful"
    promises = f"{report.kept} of {_many(report.judged, 'promise')} kept" if report.judged else "Nothing was counted"
    return f"{promises}; {told}, {precise}."


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _cards(report: Report) -> Table:
    """The figures of each service, a row each."""
    heads = ("Service", *(name for name, *_ in words.card_lines(report.scorecard)))
    rows = ((each.name, *(said for _, said, _ in words.card_lines(each.scorecard))) for each in report.services)
    return Table(heads, tuple(rows), frozenset(range(1, len(heads))))


def _promises(report: Report) -> Iterator[tuple[str, ...]]:
    for service in report.services:
        for slo in service.slos:
            yield (service.name, slo.name, words.objective(slo.objective), *_result(slo, report.made))


def _result(slo: SloReport, made: int) -> tuple[str, ...]:
    outcome = slo.outcome
    if outcome is None:
        return words.NOTHING, words.NOTHING, words.NOTHING, words.NOTHING, slo.unknown
    said = (words.ratio(outcome.ratio), words.kept(outcome.kept), words.left(outcome), words.bad_of(outcome))
    return (*said, "; ".join(_remarks(slo, made)))


def _remarks(slo: SloReport, made: int) -> Iterator[str]:
    """What a reader has to know of a result."""
    behind = min(slo.end, made) - slo.start
    if slo.outcome is not None and not slo.outcome.total:
        yield "no events"
    if slo.observed_seconds < behind - 1:
        yield f"observed for {words.seconds(slo.observed_seconds)} of {words.seconds(behind)}"
    if slo.corrections:
        yield f"{words.seconds(sum(each.seconds for each in slo.corrections))} taken out by hand"
    if slo.unit != "events":
        yield f"counts {'slices of time' if slo.unit == 'slices' else 'shares'}"
    if slo.heard is not None and slo.heard < min(slo.end, made) - _DAY:
        yield f"its service was last heard {words.moment(slo.heard, slo.zone)}"


def _service(report: Report, service: ServiceReport) -> Iterator[Block]:
    yield Heading(2, service.name)
    for slo in service.slos:
        if any(month.burnt is not None for month in slo.trend):
            yield Plot(f"{slo.name}: budget burnt a month", tuple(map(_bar, slo.trend)), 1.0)
    yield from _listed("Incidents", _INCIDENTS, (_incident(each, report.zone) for each in service.incidents), {6, 7})
    causes = (row for slo in service.slos for row in _causes(slo))
    yield from _listed("What burnt it", _CAUSES, causes, {5, 6})
    releases = (
        (
            each.version,
            words.moment(each.began, report.zone),
            words.seconds(each.seconds),
            each.author,
            "; ".join(each.failures),
        )
        for each in service.releases
    )
    yield from _listed("Releases", _RELEASES, releases, {2})
    corrections = (
        (
            slo.name,
            words.moment(one.start, slo.zone),
            words.moment(one.end, slo.zone),
            words.seconds(one.seconds),
            one.author,
            one.reason,
        )
        for slo in service.slos
        for one in slo.corrections
    )
    yield from _listed("Corrections", _TAKEN_OUT, corrections, {3})


def _listed(title: str, heads: tuple[str, ...], rows: Iterator[tuple[str, ...]], numbers: set[int]) -> Iterator[Block]:
    """A table under a heading; nothing where it has no rows."""
    found = tuple(rows)
    if found:
        yield Heading(3, title)
        yield Table(heads, found, frozenset(numbers))


def _incident(one: Incident, zone: str) -> tuple[str, ...]:
    useful = words.NOTHING if one.useful is None else ("yes" if one.useful else "no")
    return (
        str(one.number),
        one.slo,
        words.moment(one.began, zone),
        "open" if one.ended is None else words.seconds(one.seconds_to_end),
        words.seconds(one.seconds_to_answer),
        one.by,
        words.NOTHING if one.bad is None else f"{one.bad:,}",
        words.burnt(one.burnt),
        useful,
        one.reason,
    )


def _causes(slo: SloReport) -> Iterator[tuple[str, ...]]:
    whole = 0 if slo.outcome is None else slo.outcome.total - slo.outcome.good
    for one in slo.causes:
        share = words.burnt(min(Fraction(1), Fraction(one.bad, whole))) if whole else words.NOTHING
        yield (slo.name, one.route, one.status, one.error, one.version, f"{one.bad:,}", share)


def _bar(month: Month) -> Bar:
    if month.burnt is None:
        return Bar(month.period, None, month.unknown or "no events")
    return Bar(
        month.period,
        float(month.burnt),
        f"{words.burnt(month.burnt)} of the budget, {words.kept(month.kept)}",
        month.kept is False,
    )
