"""Store: the small SQLite file a service keeps its own data in; nobody else opens it."""

import sqlite3
from pathlib import Path
from typing import Any

__all__ = ["Store"]


class Store:
    """One SQLite file with a schema, spoken to in SQL. Every statement is its own transaction.

    Statements here take microseconds, so they run on the event loop; a longer one would belong in a thread.
    """

    def __init__(self, path: Path, schema: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        self._database.executescript("pragma journal_mode = wal; pragma synchronous = normal;" + schema)

    def all(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Every row of the answer, each as a dict by column name."""
        return [dict(row) for row in self._database.execute(sql, values).fetchall()]

    def one(self, sql: str, *values: object) -> dict[str, Any] | None:
        """The first row of the answer, or None."""
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def write(self, sql: str, *values: object) -> int:
        """Runs one change and says how many rows it changed."""
        return self._database.execute(sql, values).rowcount

    def close(self) -> None:
        """Closes the file; the store is of no use afterwards."""
        self._database.close()
