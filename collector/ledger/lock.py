"""A data folder: there after power loss too, and one process's, by a lock that the system takes back however its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from ..errors import LedgerError

FILE: Final = "lock"


class FolderLock:
    """Holds `folder` until `release`. Raises LedgerError naming the folder and the other process when it is held already."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._file, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise LedgerError(
                f"{folder} is in use by process {holder}; stop that one, or give this one another folder with --data"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Lets the next process in. The file stays: removing it would let two processes hold two files of one name."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, so that it survives power loss: what is in it is durable only then."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync(one.parent)


def sync(path: Path) -> None:
    """Makes a file's content, or a folder's names, survive power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
