"""Incidents: what an alert is for. Somebody knows when they were, or they are found in the counts."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from ...slo import HOUR, MINUTE, Window
from ..errors import BacktestError
from .burn_history import BurnHistory
from .moment import parse_moment

SHARE: Final = Fraction(2, 100)
"""Of the error budget: what a page is to notice within an hour, by the workbook's first pair."""

_APART: Final = HOUR // 2
_COLUMNS: Final = ("slo", "start", "end")


class Incident(NamedTuple):
    """Something happened to an SLO from `start` up to, but not including, `end` (epoch seconds)."""

    start: int
    end: int


Incidents = Callable[[BurnHistory], Sequence[Incident]]
"""Whoever knows the incidents of an SLO: they come in their order."""


def found(burns: BurnHistory, share: Fraction = SHARE) -> list[Incident]:
    """Stretches that spent `share` of the budget or more: five minutes burn above 1, and again before half an hour is over.

    Each begins with its first step that has failures and ends with its last one.
    """
    span = burns.history.span
    hot = Window(max(5 * MINUTE, span.step))
    ticks = span.ticks[burns.above((hot,), Fraction(1))]
    if not len(ticks):
        return []
    parts = np.split(ticks, np.flatnonzero(np.diff(ticks) > _APART) + 1)
    stretches = (_failing(burns, int(part[0]) - hot.seconds, int(part[-1])) for part in parts)
    return [each for each in stretches if burns.spent(each.start, each.end) >= share]


def _failing(burns: BurnHistory, start: int, end: int) -> Incident:
    """From the first to the last step with failures between two moments."""
    steps = burns.history.failing(start, end)
    return Incident(int(steps[0]), int(steps[-1]) + burns.history.span.step)


def read_incidents(path: Path) -> Incidents:
    """Incidents from a CSV file with the columns `slo`, `start` and `end`; one without an SLO's name is every SLO's.

    Those that began before or after what is replayed, of which nobody could be told, are left out. Raises BacktestError that names the
    file, and the line where there is one.
    """
    known: dict[str, list[Incident]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for name, incident in _rows(csv.DictReader(file)):
                known.setdefault(name, []).append(incident)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BacktestError(f"{path} can't be read: {error}") from error
    except BacktestError as error:
        raise BacktestError(f"{path}:{error}") from error
    return lambda burns: sorted(_begun({*known.get(burns.slo.name, ()), *known.get("", ())}, burns))


def _begun(incidents: Iterable[Incident], burns: BurnHistory) -> Iterator[Incident]:
    """Those that began within what is replayed."""
    start, end = burns.history.span.interval
    return (each for each in incidents if start <= each.start < end)


def _rows(reader: csv.DictReader[str]) -> Iterator[tuple[str, Incident]]:
    if missing := [column for column in _COLUMNS[1:] if column not in (reader.fieldnames or ())]:
        raise BacktestError(f"1: it needs the columns {', '.join(_COLUMNS)}, and has no {' and no '.join(missing)}")
    for row in reader:
        yield (row.get("slo") or "").strip(), _incident(row, reader.line_num)


def _incident(row: Mapping[str, str | None], line: int) -> Incident:
    try:
        incident = Incident(*(parse_moment(row[column] or "") for column in _COLUMNS[1:]))
    except BacktestError as error:
        raise BacktestError(f"{line}: {error}") from error
    if incident.end <= incident.start:
        raise BacktestError(f"{line}: its end does not lie after its start")
    return incident
