"""Everything the domain raises, in one tree.

SLOError                      the root: catch this to catch all of ours
 ├─ InvalidValue              a noun was given a value it can't hold (a target of 1, a window of nothing)
 └─ SpecError                 SLO files hold faults; `.faults` lists every one of them
"""

from __future__ import annotations

from typing import NamedTuple


class SLOError(Exception):
    """Root of the domain's errors. Its text is meant for the person who made the mistake."""


class InvalidValue(SLOError):
    """A noun was given a value it can't hold; the text says which and what is allowed."""


class Place(NamedTuple):
    """Where in a file something stands. `line` and `column` count from 1; a column of 0 means the whole line."""

    file: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        """Reads `file:line:column`, as compilers say it, so that editors can jump there."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


class Fault(NamedTuple):
    """One fault in one file: where it stands, and what to do about it. `line` and `column` count from 1; 0 means the whole of it."""

    file: str
    line: int
    path: str
    message: str
    column: int = 0

    def __str__(self) -> str:
        """Reads `file:line:column: path: message`."""
        place = str(Place(self.file, self.line, self.column))
        return ": ".join(part for part in (place, self.path, self.message) if part)


class SpecError(SLOError):
    """SLO files hold faults. All of them are listed, in file order, one a line of the text."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
