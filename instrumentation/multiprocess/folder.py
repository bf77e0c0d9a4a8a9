"""The folder that workers share, file by file.

| file | is |
| --- | --- |
| folder.lock | held while files are added, folded or read |
| finished.json | the counts of workers that have gone |
| NAME.seat | held by the worker NAME for as long as it lives: the system lets go of it, however the worker dies |
| NAME.json | its counts, replaced as one |
| NAME.tmp | the next ones, being written |
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..clock import sleep, steady

try:
    from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
except ImportError:  # Windows has no such locks, and no servers that fork either
    LOCKS = False
else:
    LOCKS = True

SEAT: Final = ".seat"
COUNTS: Final = ".json"
DRAFT: Final = ".tmp"
FINISHED: Final = "finished"
LOCK: Final = "folder.lock"
PATIENCE: Final = 2.0
BETWEEN_TRIES: Final = 0.005
PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700


class Busy(OSError):
    """The folder stayed locked for longer than anybody should need."""


class Seat:
    """A living worker's hold on its name. Let go of by `leave`, or by the end of the process."""

    def __init__(self, name: str, held: int) -> None:
        self.name, self._held = name, held

    @property
    def removed(self) -> bool:
        """Whether the file behind the hold is there no more."""
        return not os.fstat(self._held).st_nlink

    def leave(self) -> None:
        """Closes the file, and with it the hold; in a forked child only the child's copy of it."""
        os.close(self._held)


class Folder:
    """One service's folder. `locked` is to be held for everything but `write` and `living`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Makes the folder, for this user only, unless it is there."""
        self.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)

    @contextlib.contextmanager
    def locked(self, patience: float = PATIENCE) -> Iterator[None]:
        """Alone with the folder; raises `Busy` after `patience` seconds, `OSError` where there is no folder any more."""
        held = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, PRIVATE)
        try:
            until = steady() + patience
            while not _taken(held):
                if steady() >= until:
                    raise Busy(f"{self.path} is locked")
                sleep(BETWEEN_TRIES)
            yield
        finally:
            _let_go(held)

    def sit_down(self) -> Seat:
        """A name for this process, held from now on."""
        name = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        held = os.open(self.path / f"{name}{SEAT}", os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE)
        _taken(held)
        return Seat(name, held)

    def seats(self) -> list[str]:
        """The names of all workers, living or not."""
        return sorted(one.stem for one in self.path.glob(f"*{SEAT}"))

    def living(self) -> list[str]:
        """The names of those that are still there."""
        return [name for name in self.seats() if not self.has_gone(name)]

    def has_gone(self, name: str) -> bool:
        """Whether nobody holds this name any more."""
        try:
            held = os.open(self.path / f"{name}{SEAT}", os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            return _taken(held)
        finally:
            _let_go(held)

    def read(self, name: str) -> bytes | None:
        """What is written under a name; None when there is nothing."""
        try:
            return (self.path / f"{name}{COUNTS}").read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Replaces what is written under a name: a reader sees all of the old or all of the new."""
        draft = self.path / f"{name}{DRAFT}"
        held = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with open(held, "wb") as file:  # noqa: PTH123 - a file that is open already, with the rights it was given
            file.write(data)
        draft.replace(self.path / f"{name}{COUNTS}")

    def remove(self, name: str) -> None:
        """Removes all files of a name; the seat last, so that what was not finished is found again."""
        for kind in (DRAFT, COUNTS, SEAT):
            (self.path / f"{name}{kind}").unlink(missing_ok=True)


def _taken(held: int) -> bool:
    try:
        flock(held, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _let_go(held: int) -> None:
    # Said, and not left to the closing: a child that is forked in this very moment has a copy of the file.
    flock(held, LOCK_UN)
    os.close(held)
