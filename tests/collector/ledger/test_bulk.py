"""Rows written many at a time are the rows that were given."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from fournines.collector.ledger.bulk import AT_ONCE, write_rows

ADD = "INSERT INTO held VALUES {} ON CONFLICT DO UPDATE SET many = many + excluded.many"


@pytest.mark.parametrize("rows", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 5 * AT_ONCE + 3])
def test_every_row_is_written_once(rows):
    """Whatever their number is; those of a key that is there already, or comes twice, are added to it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE held (key INTEGER PRIMARY KEY, many INTEGER)")
        values = [value for row in range(rows) for value in (row // 2, row)]
        for _ in range(2):
            write_rows(connection, ADD, 2, values)
        found = connection.execute("SELECT key, many FROM held ORDER BY key").fetchall()

    assert found == [
        (key, 2 * sum(row for row in (2 * key, 2 * key + 1) if row < rows)) for key in range(-(-rows // 2))
    ]
