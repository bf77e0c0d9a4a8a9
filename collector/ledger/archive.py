"""A ledger's counts for whoever only looks back: read while a collector runs or not, and never changed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Final, Self

import numpy as np

from ...slo import BUCKET, Interval
from ..columns import IntColumn
from ..errors import LedgerError
from .backup import open_to_read
from .days import fitting, one_moment
from .ledger import FILE
from .schema import STEPS

_NEWEST: Final = """
SELECT max(
    coalesce((SELECT max(t) + ?1 FROM bucket WHERE width = ?1), 0),
    coalesce((SELECT max(day) + 86400 FROM day WHERE width = ?1), 0)
)
"""


class Archive:
    """The counts of a ledger file, or of the one in a data folder. `with` closes it. Nothing is booked at `end` or later.

    Raises LedgerError where there is none, where it is of another version, and where it can't be read on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path / FILE if path.is_dir() else path
        self._connection = open_to_read(self._path)
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version != len(STEPS):
            self._connection.close()
            raise LedgerError(
                f"the ledger is of version {version}; start `fournines serve` on it once, which brings it forward"
            )
        with self._reading():
            self.end = int(self._connection.execute(_NEWEST, (BUCKET,)).fetchone()[0])

    def history(self, name: str, interval: Interval, step: int) -> IntColumn:
        """Rows of (t, good, total) of one SLO, as `fitting` has them; none where it isn't known."""
        known = Interval(max(0, interval.start), min(interval.end, self.end))
        with self._reading(), one_moment(self._connection):
            found = self._connection.execute(
                "SELECT id FROM slo WHERE name = ? ORDER BY total DESC LIMIT 1", (name,)
            ).fetchone()
            if found is None or not known.seconds:
                return np.empty((0, 3), np.int64)
            return fitting(self._connection, found[0], known, step, self.end)

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    @contextlib.contextmanager
    def _reading(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path} can't be read: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
