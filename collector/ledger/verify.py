"""Whether a ledger is sound: its pages, its packed days, that coarse buckets are the sums of fine ones, and totals those of buckets."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...slo import DAY, HOUR, TIERS, Interval, Tier
from ..columns import IntColumn
from .backup import Tell, nobody, open_to_read
from .days import Shelf, progress, sums
from .ledger import FILE
from .packed import seconds_of, unpack
from .schema import STEPS

MOST_FAULTS: Final = 100
"""Faults that are told: with so many the check ends."""

STRETCH: Final = 6 * HOUR
"""Seconds that are compared at a time: a part of a packed day of minutes."""


@dataclass(frozen=True)
class Verification:
    """What was found. A ledger of an older `version` is checked page by page only: its counts are brought forward when it is opened."""

    path: Path
    version: int
    slos: int
    events: int
    faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def __str__(self) -> str:
        """Words for whoever asked, a line a fault."""
        if self.sound:
            scope = "" if self.version == len(STEPS) else f" (of version {self.version}: only its pages were checked)"
            return f"{self.path} is sound: {self.slos} SLOs, {self.events} events{scope}"
        return "\n".join(
            [f"{self.path} is NOT sound; put a backup in its place:", *(f"  {fault}" for fault in self.faults)]
        )


def verify(path: Path, tell: Tell = nobody) -> Verification:
    """Checks a ledger, or the one in a data folder, while a collector runs or not; it is read as of one moment and never changed.

    Raises LedgerError when there is none, or one of a newer version.
    """
    file = path / FILE if path.is_dir() else path
    with contextlib.closing(open_to_read(file)) as connection:
        faults: list[str] = []
        slos = events = 0
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        try:
            connection.execute("BEGIN")
            slos, events = connection.execute("SELECT count(*), coalesce(sum(total), 0) FROM slo").fetchone()
            for fault in _faults(connection, version, tell):
                faults.append(fault)
                if len(faults) == MOST_FAULTS:
                    faults.append("and perhaps more: the check ends here")
                    break
        except sqlite3.Error as error:
            faults.append(f"it can't be read on: {error}")
    return Verification(file, version, slos, events, tuple(faults))


def _faults(connection: sqlite3.Connection, version: int, tell: Tell) -> Iterator[str]:
    tell("pages", 0)
    yield from (row[0] for row in connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})") if row[0] != "ok")
    tell("pages", 1)
    if version == len(STEPS):
        names = dict(connection.execute("SELECT id, name FROM slo"))
        yield from _packed_days(connection, tell)
        for finer, coarser in pairwise(TIERS):
            yield from _tier(connection, finer, coarser, names, tell)
        yield from _totals(connection, names)


def _packed_days(connection: sqlite3.Connection, tell: Tell) -> Iterator[str]:
    """Every packed day can be read, and holds what its row says."""
    count = max(1, connection.execute("SELECT count(*) FROM day").fetchone()[0])
    rows = connection.execute("SELECT width, day, slo, buckets, good, total, estimated FROM day")
    for number, (width, day, slo, blob, *said) in enumerate(rows):
        if number % 1000 == 0:
            tell("packed days", number / count)
        place = f"SLO {slo}, {_time(day)}, buckets of {width} s"
        try:
            buckets = unpack(blob)
        except sqlite3.DatabaseError as error:
            yield f"{place}: {error}"
            continue
        found = buckets[:, 1:].sum(axis=0).tolist()
        if found != said or (len(buckets) and buckets[-1, 0] >= DAY // width):
            yield f"{place}: the packed day holds {found}, its row says {said}"
    tell("packed days", 1)


def _tier(
    connection: sqlite3.Connection, finer: Tier, coarser: Tier, names: dict[int, str], tell: Tell
) -> Iterator[str]:
    """Wherever finer buckets hold everything, they add up to the coarser ones."""
    first = max(progress(connection, finer.width).complete, progress(connection, coarser.width).complete)
    ends = Interval(*connection.execute(_ENDS, (coarser.width,)).fetchone())
    start, what = max(first, ends.start), f"buckets of {finer.width} s"
    shelf = Shelf(connection)
    alive = np.array(sorted(names), np.int64)
    for at in range(start // STRETCH * STRETCH, ends.end, STRETCH):
        tell(what, (at - start) / max(1, ends.seconds))
        stretch = Interval(max(at, first), at + STRETCH)
        found = _summed(connection, finer.width, stretch, coarser.width, shelf)
        said = _summed(connection, coarser.width, stretch, coarser.width, shelf)
        yield from _differences(found[np.isin(found[:, 0], alive)], said[np.isin(said[:, 0], alive)], coarser, names)
    tell(what, 1)


_ENDS: Final = """
SELECT coalesce(min(first), 0), coalesce(max(last), 0) FROM (
    SELECT min(t) AS first, max(t) + ?1 AS last FROM bucket WHERE width = ?1
    UNION ALL SELECT min(t), max(t) + ?1 FROM late WHERE width = ?1
    UNION ALL SELECT min(day), max(day) + 86400 FROM day WHERE width = ?1
)
"""

_TIMES: Final = 2**34
"""More than any second there is: an SLO and a time are one number."""

_GROUPED: Final = """
SELECT slo, t / ?1 * ?1, sum(good), sum(total), sum(estimated) FROM {} WHERE width = ?2 AND t >= ?3 AND t < ?4 GROUP BY 1, 2
"""


def _summed(
    connection: sqlite3.Connection, width: int, stretch: Interval, into: int, shelf: Shelf
) -> NDArray[np.int64]:
    """(slo, t, good, total, estimated) of the buckets of `width` in a stretch, summed into buckets of `into`, in order."""
    at = progress(connection, width)
    young = max(stretch.start, at.packed)
    found: list[IntColumn] = [np.empty((0, 5), np.int64)]
    for table, start in (("late", stretch.start), ("bucket", young)):
        rows = connection.execute(_GROUPED.format(table), (into, width, start, stretch.end)).fetchall()
        found.append(np.array(rows, np.int64).reshape(-1, 5))
    span = seconds_of(width)
    for start in range(stretch.start // span * span, min(stretch.end, at.packed), span):
        day = start // DAY * DAY
        packed = shelf.rows(width, day, (start - day) // span, at.folded).astype(np.int64)
        packed[:, 1] = packed[:, 1] * width + day
        inside = packed[(packed[:, 1] >= stretch.start) & (packed[:, 1] < min(stretch.end, at.packed))]
        inside[:, 1] = inside[:, 1] // into * into
        found.append(inside)
    whole = np.concatenate(found)
    keys, where = np.unique(whole[:, 0] * _TIMES + whole[:, 1], return_inverse=True)
    counts = np.zeros((len(keys), 3), np.int64)
    np.add.at(counts, where, whole[:, 2:])
    return np.column_stack([*divmod(keys, _TIMES), counts])[counts.any(axis=1)]


def _differences(found: IntColumn, said: IntColumn, coarser: Tier, names: dict[int, str]) -> Iterator[str]:
    if np.array_equal(found, said):
        return
    one, two = ({(row[0], row[1]): row[2:] for row in rows.tolist()} for rows in (found, said))
    for slo, t in sorted(one.keys() | two.keys()):
        below, above = one.get((slo, t), _NONE), two.get((slo, t), _NONE)
        if below != above:
            yield f"{names[slo]}, {_time(t)}: {coarser.width} s hold {above}, the finer buckets in them {below}"


_NONE: Final = [0, 0, 0]


def _totals(connection: sqlite3.Connection, names: dict[int, str]) -> Iterator[str]:
    """The totals since birth are those of the hours; larger where hours were let go."""
    hours = TIERS[-1].width
    whole = progress(connection, hours).complete == 0
    found = {slo: np.zeros(3, np.int64) for slo in names}
    for slo, *events in sums(connection, hours, Interval(0, 2**40), Shelf(connection)).tolist():
        if slo in found:
            found[slo] += events
    for slo, *said in connection.execute("SELECT id, good, total, estimated FROM slo"):
        held: list[int] = found[slo].tolist()
        if said != held if whole else any(one < other for one, other in zip(said, held, strict=True)):
            yield f"{names[slo]}: its totals are {said}, its buckets hold {held}"


def _time(t: int) -> str:
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
