"""SLO files that may change while they are in force: what they said when they were last sound, and what is wrong with them now."""

from __future__ import annotations

from pathlib import Path

from ..errors import Fault, SpecError
from ..slo import SLO
from .folder import slo_files
from .load import load_slos


class SloFiles:
    """The files at `path`, a file or a folder; none for None. `slos` are those last read; `fault` is empty while the files are sound."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: object = None
        self.slos: tuple[SLO, ...] = ()
        self.fault = ""

    def read(self) -> tuple[SLO, ...]:
        """What they say. Raises `SpecError`."""
        if self._path is not None:
            self._stamp = self._look()
            self.slos = load_slos([self._path])
        self.fault = ""
        return self.slos

    def read_again(self) -> tuple[SLO, ...] | None:
        """What they say; None, and the fault kept, when they hold one."""
        try:
            return self.read()
        except SpecError as error:
            self.fault = f"SLO files hold faults, the SLOs in force stay as they were: {error}"
            return None

    def changed(self) -> bool:
        """Whether they look different from when they were last read."""
        return self._path is not None and self._look() != self._stamp

    def forget(self) -> None:
        """Makes the next look a change."""
        self._stamp = None

    def _look(self) -> object:
        assert self._path is not None
        faults: list[Fault] = []
        return [_stamp(file) for file in slo_files([self._path], faults)], faults


def _stamp(path: Path) -> tuple[str, int, int]:
    # The change of the file's state: a copy may bring its old time of modification along, and rights leave it as it was.
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_ctime_ns, found.st_size
