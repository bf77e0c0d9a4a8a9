"""Many rows by few statements: one that holds many rows takes half the time of as many that hold one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

AT_ONCE: Final = 64
"""Rows of one statement: each size is compiled once and kept by the connection, so there are few sizes."""


def write_rows(connection: sqlite3.Connection, statement: str, width: int, values: Sequence[Any]) -> None:
    """Executes `statement`, which has `{}` where its rows stand, for all rows of `width` values, given one behind the other."""
    step = AT_ONCE * width
    whole = len(values) // step * step
    many = _with_rows(statement, width, AT_ONCE)
    for start in range(0, whole, step):
        connection.execute(many, values[start : start + step])
    one = _with_rows(statement, width, 1)
    connection.executemany(one, [values[start : start + width] for start in range(whole, len(values), width)])


@lru_cache(64)
def _with_rows(statement: str, width: int, rows: int) -> str:
    row = f"({', '.join('?' * width)})"
    return statement.format(", ".join([row] * rows))
