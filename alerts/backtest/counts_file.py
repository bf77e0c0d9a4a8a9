"""Counts from a file: CSV, or Parquet where pyarrow is installed, with the columns `time`, `slo`, `good` and `total`."""

from __future__ import annotations

import csv
import importlib
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from ...slo import HOUR, Interval
from ...slo.arithmetic import IntArray
from ..errors import BacktestError
from .history import STEPS
from .moment import parse_moment

_COLUMNS: Final = ("time", "slo", "good", "total")
_MOST_EVENTS: Final = 10**11
"""In a step: what many of them add up to fits 64 bits."""
_NONE: Final[IntArray] = np.empty((0, 3), np.int64)


class _Count(NamedTuple):
    """A row of a file: events of one SLO from `time` on."""

    time: int
    slo: str
    good: int
    total: int


class CountsFile:
    """A file of counts, each of the time from its own `time` on to the next step: a `HistorySource`.

    Raises BacktestError that names the file, and the line where there is one.
    """

    def __init__(self, path: Path) -> None:
        try:
            counts = list((_parquet if path.suffix == ".parquet" else _csv)(path))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise BacktestError(f"{path} can't be read: {error}") from error
        except BacktestError as error:
            raise BacktestError(f"{path}{error}") from error
        if not counts:
            raise BacktestError(f"{path} holds no counts")
        self._rows = _by_name(counts)

    @property
    def names(self) -> frozenset[str]:
        """The SLOs it has counts of."""
        return frozenset(self._rows)

    @property
    def interval(self) -> Interval:
        """From its first count to the end of the last one's step."""
        times = [rows[:, 0] for rows in self._rows.values()]
        return Interval(min(int(t[0]) for t in times), max(int(t[-1]) for t in times) + self.step)

    @property
    def step(self) -> int:
        """The longest step, in seconds, at whose boundaries all its times lie; the shortest where they lie at none."""
        common = math.gcd(HOUR, *(int(np.gcd.reduce(rows[:, 0])) for rows in self._rows.values()))
        return next((step for step in STEPS if common % step == 0), STEPS[-1])

    def history(self, name: str, interval: Interval, step: int) -> IntArray:
        """Rows of (t, good, total) of one SLO; none where it isn't known."""
        rows = self._rows.get(name, _NONE)
        first, end = np.searchsorted(rows[:, 0], interval)
        return rows[first:end]


def _by_name(counts: Iterable[_Count]) -> dict[str, IntArray]:
    rows: dict[str, list[tuple[int, int, int]]] = {}
    for time, name, good, total in sorted(counts):
        rows.setdefault(name, []).append((time, good, total))
    return {name: np.array(its, np.int64) for name, its in rows.items()}


def _csv(path: Path) -> Iterator[_Count]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        at = _places(next(reader, []))
        for row in filter(None, reader):
            try:
                yield _count(*(row[place] for place in at))
            except IndexError as error:
                raise BacktestError(f":{reader.line_num}: it has {len(row)} columns, fewer than the head") from error
            except BacktestError as error:
                raise BacktestError(f":{reader.line_num}: {error}") from error


def _parquet(path: Path) -> Iterator[_Count]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
        arrow = importlib.import_module("pyarrow")
    except ModuleNotFoundError as error:
        raise BacktestError(": Parquet files need pyarrow: pip install pyarrow, or write CSV") from error
    try:
        columns = parquet.read_table(path).to_pydict()
    except arrow.ArrowException as error:
        raise BacktestError(f" can't be read: {error}") from error
    _places(list(columns))
    for number, row in enumerate(zip(*(columns[name] for name in _COLUMNS), strict=True), start=1):
        try:
            yield _count(*map(str, row))
        except BacktestError as error:
            raise BacktestError(f": row {number}: {error}") from error


def _places(head: list[str]) -> list[int]:
    if missing := [name for name in _COLUMNS if name not in head]:
        raise BacktestError(f": it needs the columns {', '.join(_COLUMNS)}, and has no {' and no '.join(missing)}")
    return [head.index(name) for name in _COLUMNS]


@lru_cache(maxsize=100_000)
def _time(text: str) -> int:
    return parse_moment(text)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BacktestError(f"{text!r} is no whole number of events") from error


def _count(time: str, slo: str, good: str, total: str) -> _Count:
    count = _Count(_time(time), slo, _whole(good), _whole(total))
    if not 0 <= count.good <= count.total <= _MOST_EVENTS:
        raise BacktestError(f"{count.good} good events of {count.total} can't be")
    return count
