"""The ledger: one SQLite file in the data folder, written by one thread, durable before anybody is told so.

Write-ahead log with `synchronous=FULL`: a commit that returned survives kill -9 and power loss. The file is held by one process;
others of this process read and write it through connections of their own (`path`), and find write transactions short.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import LedgerError
from .integrity import DAMAGED, Inspection, check_integrity, check_tables
from .lock import FolderLock, make_folder
from .part import Part
from .schema import migrate
from .set_aside import KeptLog, aside, set_aside

FILE: Final = "ledger.db"
BUSY_MILLISECONDS: Final = 5_000

_LOG: Final = logging.getLogger("fournines.collector")


class Ledger:
    """The open ledger of a folder. Raises LedgerError when it is held by another process, damaged, or of a newer version.

    With `replace_damaged` a damaged one is set aside instead, said so, and a new one begun. `damaged` are those that lie in the folder.
    `visible` is held while a commit becomes visible and memory follows it: whoever holds it sees counts and memory agree.
    `birth` is the epoch second the ledger was made at, `secret` a number of its own.
    """

    def __init__(self, folder: Path, now: float, *, replace_damaged: bool = False) -> None:
        self.path = folder / FILE
        self.visible = threading.Lock()
        self._lock = _hold(folder)
        try:
            self.writer = self._open_or_begin(now) if replace_damaged else self._open()
            self.birth = self._remember("birth", int(now))
            self.secret = self._remember("secret", secrets.randbits(62))
        except sqlite3.Error as error:
            self._lock.release()
            raise LedgerError(why_not_opened(self.path, error)) from error
        except LedgerError:
            self._lock.release()
            raise
        except OSError as error:
            self._lock.release()
            raise LedgerError(f"the ledger {self.path} can't be opened: {error}") from error
        self.damaged = aside(self.path)
        self.inspection = None if self._checked else Inspection(self.reader(), self.path)

    def reader(self) -> sqlite3.Connection:
        """A connection that only reads. Its owner closes it and guards it against use by two threads at once."""
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        connection.execute("PRAGMA query_only = ON")
        return connection

    def commit(self, parts: Sequence[Part]) -> None:
        """Writes everything staged in one transaction and makes it true, or raises and leaves nothing behind."""
        try:
            self.writer.execute("BEGIN IMMEDIATE")
            for part in parts:
                part.write(self.writer)
            with self.visible:
                self.writer.execute("COMMIT")
                for part in parts:
                    self._keep(part)
        except BaseException:
            self._roll_back()
            for part in parts:
                part.forget()
            raise

    def note_damage(self) -> None:
        """Has the next start look at every page, and set the ledger aside where it may."""
        self.writer.execute("INSERT OR REPLACE INTO meta VALUES (?, 1)", (DAMAGED,))

    def probe(self) -> None:
        """Writes a trifle: raises sqlite3.Error while the ledger can't be written."""
        self.writer.execute("UPDATE meta SET value = value + 1 WHERE key = 'probes'")

    def close(self) -> None:
        """Folds the log into the file and lets the folder go."""
        if self.inspection is not None:
            self.inspection.stop()
        self.writer.close()
        self._lock.release()

    def _open_or_begin(self, now: float) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            old = set_aside(self.path, now)
            _LOG.critical(
                "the ledger %s is DAMAGED (%s). It is set aside as %s, whole, and a new one begins: budgets start anew, pages work. "
                "To go on with a backup instead, stop, put it in place of %s, and start again",
                self.path,
                error,
                old,
                self.path,
            )
            return self._open()

    def _open(self) -> sqlite3.Connection:
        log = KeptLog(self.path)
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            self._checked = check_integrity(connection, self.path)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", f"busy_timeout = {BUSY_MILLISECONDS}"):
                connection.execute(f"PRAGMA {pragma}")
            migrate(connection)
            check_tables(connection)
        except BaseException:
            connection.close()
            log.give_back()
            raise
        log.let_go()
        return connection

    def _remember(self, key: str, value: int) -> int:
        self.writer.execute("INSERT OR IGNORE INTO meta VALUES ('probes', 0), (?, ?)", (key, value))
        return int(self.writer.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])

    def _keep(self, part: Part) -> None:
        """What is committed is true, whatever a part makes of it: to forget it now would count it again."""
        try:
            part.keep()
        except Exception:  # noqa: BLE001 - as the docstring says
            _LOG.exception("a part of the books did not follow its commit")

    def _roll_back(self) -> None:
        if self.writer.in_transaction:
            self.writer.execute("ROLLBACK")


def _hold(folder: Path) -> FolderLock:
    try:
        make_folder(folder)
        return FolderLock(folder)
    except OSError as error:
        raise LedgerError(f"{folder} can't be used for data: {error.strerror or error}") from error


def why_not_opened(path: Path, error: sqlite3.Error) -> str:
    """Why a ledger can't be opened, and what to do."""
    if isinstance(error, sqlite3.OperationalError):
        return f"the ledger {path} can't be opened: {error}; check the disk and the folder's permissions"
    return (
        f"the ledger {path} is damaged ({error}); nothing was changed. Move it aside and put a backup in its place, "
        "or start with an empty folder"
    )


def is_damage(error: sqlite3.Error) -> bool:
    """Pages that can't be what was written. What else goes wrong (permissions, a full disk) is of a class of its own."""
    return type(error) is sqlite3.DatabaseError
