"""A damaged ledger gets out of the way under a name of its own. It is never deleted, and never replaced without a word.

A collector that does not start pages nobody: at night, with no one to see why, that is the larger loss. So it begins a new ledger,
says so loudly for as long as the damaged one lies there, and keeps every byte for whoever restores.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ..errors import LedgerError
from .lock import sync

MARK: Final = ".damaged-"
MOST: Final = 3
"""Damaged ledgers that may lie in a folder: a disk that spoils one after the other is not fed any longer."""


def aside(path: Path) -> tuple[Path, ...]:
    """The damaged ledgers that lie beside `path`, oldest first."""
    found = path.parent.glob(f"{path.name}{MARK}*")
    return tuple(sorted(one for one in found if not one.name.endswith(("-wal", "-shm"))))


def set_aside(path: Path, now: float) -> Path:
    """Renames a ledger, and its log with it, to `<name>.damaged-<UTC time>`. Raises LedgerError, and changes nothing, with `MOST` there.

    Cut off at any moment, the ledger is under one of its names, and its log beside it.
    """
    if len(aside(path)) >= MOST:
        raise LedgerError(
            f"the ledger {path} is damaged, and {MOST} damaged ones lie beside it already: the disk may be failing. "
            "Check it, move them away, put a backup in place, and start again"
        )
    target = _free_name(path, now)
    log, old_log = (one.with_name(one.name + "-wal") for one in (path, target))
    if log.exists():
        _double(log, old_log)
    path.rename(target)
    log.unlink(missing_ok=True)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    sync(path.parent)
    return target


class KeptLog:
    """A second name for a ledger's log while the ledger is opened: SQLite deletes the log of a damaged one when it closes it."""

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(path.name + "-wal")
        self._kept = self._log.with_name(self._log.name + ".kept")
        if self._log.exists():
            _double(self._log, self._kept)

    def let_go(self) -> None:
        """The ledger is sound."""
        self._kept.unlink(missing_ok=True)

    def give_back(self) -> None:
        """The ledger is not: its log is to lie beside it."""
        if self._kept.exists() and not self._log.exists():
            self._kept.rename(self._log)
        self.let_go()


def _free_name(path: Path, now: float) -> Path:
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (path.with_name(f"{path.name}{MARK}{moment}{suffix}") for suffix in ("", "-2", "-3", "-4"))
    return next(name for name in names if not name.exists())


def _double(file: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(file, target)
    except OSError:  # a file system without links
        shutil.copy2(file, target)
        sync(target)
    sync(target.parent)
