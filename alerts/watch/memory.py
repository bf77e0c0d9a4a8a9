"""What the watch remembers over a restart: a file of one block, written in place, so that it can be on a disk that is full."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

SIZE: Final = 4096
"""Bytes of the file, at all times: its block is there before it is needed."""

_log = logging.getLogger(__name__)


class Memory:
    """A mapping in a file. What can't be read or kept is said in the log and does without: nobody who watches may fail for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._failed = False
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.fstat(self._file).st_size < SIZE:
                self.keep({})
        except OSError as error:
            self._tell(error)

    def recall(self) -> Mapping[str, Any]:
        """What was kept last; nothing where there is nothing that can be read."""
        if self._file < 0:
            return {}
        try:
            found = json.loads(os.pread(self._file, SIZE, 0))
        except (OSError, ValueError) as error:
            _log.warning("what %s remembers can't be read: %s", self._path, error)
            return {}
        return found if isinstance(found, dict) else {}

    def keep(self, values: Mapping[str, Any]) -> None:
        """Remembers `values` instead, on disk once this returns."""
        if self._file < 0:
            return
        try:
            os.pwrite(self._file, json.dumps(values).encode()[:SIZE].ljust(SIZE), 0)
            os.fdatasync(self._file)
        except OSError as error:
            self._tell(error)
        else:
            self._failed = False

    def close(self) -> None:
        """Lets the file go."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _tell(self, error: OSError) -> None:
        """Once, until it succeeds again."""
        if not self._failed:
            _log.warning("alerts about the collector are not remembered over a restart, %s: %s", self._path, error)
        self._failed = True
