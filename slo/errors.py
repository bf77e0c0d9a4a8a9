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
    """Where in a file something stands. `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Fault(NamedTuple):
    """One fault in one file: where it stands, and what to do about it. `line` counts from 1; 0 when the whole file is meant."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        """Reads `file:line: path: message`, as compilers say it, so that editors can jump there."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.path, self.message) if part)


class SpecError(SLOError):
    """SLO files hold faults. All of them are listed, in file order, one a line of the text."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
