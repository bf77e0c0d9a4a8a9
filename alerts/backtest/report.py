"""A backtest's result for people and for programs: tables of plain text, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

from ...slo import figures
from .backtest import Result
from .policy import Policy
from .score import Score, score
from .verdict import IncidentOutcome, Judged, Verdict

NOTHING: Final = figures.NOTHING

COLUMNS: Final = (
    *("policy", "pages", "for nothing", "precision", "tickets"),
    *("told of", "paged for", "detected after", "worst", "budget gone", "reset after"),
)
"""Of a comparison. `told of` and `paged for` are incidents; times and the budget gone are medians, but for `worst`."""


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of columns: the first to the left, the others to the right; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(_cell, row, widths, range(len(row)))).rstrip() for row in rows]


def _cell(text: str, width: int, column: int) -> str:
    return text.rjust(width) if column else text.ljust(width)


def heading(result: Result) -> str:
    """Which time, and how finely it was looked at."""
    start, end = map(moment, result.span.interval)
    return f"{start} to {end}, in steps of {_time(result.span.step)}"


def comparison(result: Result) -> list[str]:
    """One line a policy, under a head."""
    return table(
        [COLUMNS, *(score_row(policy.name, score(result.verdicts[policy.name])) for policy in result.policies)]
    )


def score_row(name: str, found: Score) -> tuple[str, ...]:
    """A policy's score, in the order of `COLUMNS`."""
    return (
        name,
        figures.count(found.pages),
        figures.count(found.pages_for_nothing),
        _percent(found.precision),
        figures.count(found.tickets),
        f"{found.told} of {found.incidents}",
        str(found.paged),
        _time(found.detection_median),
        _time(found.detection_worst),
        _percent(found.spent_median),
        _time(found.reset_median),
    )


def listing(result: Result) -> Iterator[str]:
    """Every alert and every incident, by policy."""
    for policy in result.policies:
        yield f"{policy.name}: {policy.says}"
        for verdict in result.verdicts[policy.name]:
            lines = chain(map(_alert_line, verdict.alerts), map(_incident_line, verdict.outcomes))
            yield from (f"  {moment(at)}  {verdict.slo}  {text}" for at, text in sorted(lines))


def moment(seconds: int) -> str:
    """To the second, in UTC, as ISO 8601 says it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def as_json(result: Result) -> dict[str, Any]:
    """The whole result. Times are ISO 8601, lengths of time seconds, shares of the budget numbers."""
    return {
        "from": moment(result.span.interval.start),
        "to": moment(result.span.interval.end),
        "step_seconds": result.span.step,
        "policies": [_policy_json(policy, result.verdicts[policy.name]) for policy in result.policies],
        "remarks": list(result.remarks),
    }


def _policy_json(policy: Policy, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    slos = [
        {"slo": each.slo, "alerts": list(map(_alert_json, each.alerts)), "incidents": list(map(_outcome_json, each.outcomes))}
        for each in verdicts
    ]  # fmt: skip
    return {"policy": policy.name, "says": policy.says, **score(verdicts).as_json(), "slos": slos}


def _alert_json(judged: Judged) -> dict[str, Any]:
    alert, incident = judged
    return {
        "severity": alert.severity.value,
        "told": moment(alert.told),
        "over": None if alert.over is None else moment(alert.over),
        "incident": None if incident is None else moment(incident.start),
    }


def _outcome_json(outcome: IncidentOutcome) -> dict[str, Any]:
    return {
        "start": moment(outcome.incident.start),
        "end": moment(outcome.incident.end),
        "budget_spent": float(outcome.spent),
        "told_by": None if outcome.alert is None else outcome.alert.severity.value,
        "paged": outcome.paged,
        "overlaid": outcome.overlaid,
        "detection_seconds": outcome.detection,
        "budget_spent_at_detection": None if outcome.spent_before is None else float(outcome.spent_before),
        "reset_seconds": outcome.reset,
    }


def _alert_line(judged: Judged) -> tuple[int, str]:
    alert, incident = judged
    lasts = "lasts on" if alert.over is None else f"for {_time(alert.over - alert.told)}"
    meant = "for nothing" if incident is None else f"about the incident of {moment(incident.start)}"
    return alert.told, f"{alert.severity.value} {lasts}, {meant}"


def _incident_line(outcome: IncidentOutcome) -> tuple[int, str]:
    start, end = outcome.incident
    if outcome.detection is not None:
        noticed = f"told after {_time(outcome.detection)}"
    else:
        noticed = "nobody is told anew, an alert is still open" if outcome.overlaid else "MISSED"
    return start, f"incident of {_time(end - start)}, {_percent(float(outcome.spent))} of the budget: {noticed}"


def _time(seconds: float | None) -> str:
    return NOTHING if seconds is None else figures.duration(seconds, compact=True)


def _percent(share: float | None) -> str:
    return NOTHING if share is None else figures.percent(share)


def remarks(result: Result) -> Iterable[str]:
    """What could not be compared, a line each."""
    return (f"note: {remark}" for remark in result.remarks)
