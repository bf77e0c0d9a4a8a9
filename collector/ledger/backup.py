"""A copy of the ledger while it is written: whole, as of one moment, checked, and there under its name only when it is finished."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..errors import LedgerError
from .ledger import BUSY_MILLISECONDS, FILE
from .lock import sync
from .schema import APPLICATION_ID, STEPS

PAGES_AT_ONCE: Final = 1_000
PARTIAL: Final = ".partial"
"""What the name of an unfinished copy ends in."""

Tell = Callable[[str, float], None]
"""Is told what is being done, and which share of it is."""


def nobody(what: str, share: float) -> None:
    """Whom nobody needs to tell."""


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection to a ledger, running or a copy, that can't change it. Raises LedgerError when there is none, or one too new."""
    if not path.is_file():
        raise LedgerError(f"there is no ledger {path}")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        mark, version = (int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in _MARKS)
    except sqlite3.Error as error:
        connection.close()
        raise LedgerError(f"{path} can't be read: {error}") from error
    if mark == APPLICATION_ID and version <= len(STEPS):
        return connection
    connection.close()
    if mark != APPLICATION_ID:
        raise LedgerError(f"{path} is no ledger of fournines")
    raise LedgerError(f"the ledger is of version {version}, and this fournines knows versions up to {len(STEPS)}")


_MARKS: Final = ("application_id", "user_version")


def backup(data: Path, target: Path, tell: Tell = nobody) -> int:
    """Copies the ledger of a data folder into the new file `target`, while a collector runs or not, and returns its bytes.

    The copy holds every event acknowledged before it began, and is a ledger by itself: one file, without a log beside it. What else
    stands in the ledger (alerts, silences, kept traces) comes along. Raises LedgerError, and leaves nothing under that name, when
    `target` exists, has no room, or the copy is not sound. The log of a running ledger grows until the copy is made.
    """
    partial = target.with_name(target.name + PARTIAL)
    _room(data / FILE, target)
    with contextlib.closing(open_to_read(data / FILE)) as source:
        try:
            _copy(source, partial, tell)
            _publish(partial, target)
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(f"the copy {target} can't be made: {error}") from error
        finally:
            partial.unlink(missing_ok=True)
    return target.stat().st_size


def _room(path: Path, target: Path) -> None:
    if target.exists():
        raise LedgerError(f"{target} is there already; a copy never takes another's place")
    if not target.parent.is_dir():
        raise LedgerError(f"there is no folder {target.parent}")
    wanted, free = path.stat().st_size if path.exists() else 0, shutil.disk_usage(target.parent).free
    if wanted > free:
        raise LedgerError(f"{target.parent} has room for {free // 2**20} MB, and the ledger has {wanted // 2**20} MB")


def _copy(source: sqlite3.Connection, partial: Path, tell: Tell) -> None:
    """One reading transaction around all steps: what is committed meanwhile neither gets in nor makes the copy begin again."""

    def step(_status: int, remaining: int, pages: int) -> None:
        tell("copying", 1 - remaining / max(pages, 1))

    partial.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM meta").fetchone()
        source.backup(copy, pages=PAGES_AT_ONCE, progress=step)
        source.execute("COMMIT")
        copy.execute("PRAGMA journal_mode = DELETE")
        tell("checking the copy", 0)
        found = str(copy.execute("PRAGMA quick_check(1)").fetchone()[0])
        if found != "ok":
            raise sqlite3.DatabaseError(f"it is not sound ({found}); is the ledger? See fournines admin verify")
        tell("checking the copy", 1)


def _publish(partial: Path, target: Path) -> None:
    """Gives the finished copy its name, unless somebody else took it meanwhile."""
    sync(partial)
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if target.exists():
            raise
        partial.rename(target)
    sync(target.parent)
