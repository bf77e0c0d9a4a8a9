"""Where the workers of one service meet: the folder they leave their counts in.

Named by the operator (`FOURNINES_METRICS_DIR`, or prometheus-client's `PROMETHEUS_MULTIPROC_DIR`), or found: the workers
of gunicorn and uvicorn have one parent, so a folder named for that parent, in memory where the system has such a place, is
theirs alone, and is new with each start of the service.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from ..config.page import NONE, Page
from .folder import LOCKS, PRIVATE_FOLDER, Folder

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - only a folder of our own in it, checked to be ours, is written to
OURS: Final = "fournines"
FOREIGN_SECONDS: Final = 86_400.0
"""A folder of another container, whose processes can't be seen from here, is left alone for so long after its last word."""


def is_shared(page: Page) -> bool:
    """Whether the workers of a service are to share their page; asks neither disk nor network."""
    if not LOCKS or page.folder.lower() == NONE:
        return False
    return bool(page.folder or page.prometheus_folder) or one_of_several()


def meeting_place(page: Page, service: str) -> Folder:
    """The folder for the workers of `service`. Raises `OSError` for a place that can't be used."""
    if page.folder or page.prometheus_folder:
        named = Path(page.folder) if page.folder else Path(page.prometheus_folder, OURS)
        return _made(named / _slug(service))
    return _made(_private_place() / parent() / _slug(service))


def one_of_several() -> bool:
    """Whether a server made this process to share its work with others: gunicorn by fork, uvicorn by spawn."""
    return multiprocessing.parent_process() is not None or "gunicorn.arbiter" in sys.modules


def parent() -> str:
    """Which parent this process has: no other, before or after it, has the same name."""
    pid = os.getppid()
    return f"{_namespace()}-{pid}-{_started(pid)}"


def sweep(place: Path, now: float) -> None:
    """Removes the folders of services that have ended. `now`: epoch seconds."""
    for folder in _folders(place):
        if _ended(folder, now) and not any(Folder(one).living() for one in _folders(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def swept_with(folder: Path) -> Path | None:
    """The place that is to be swept when `folder` is taken; None for one that an operator named."""
    place = folder.parent.parent
    return place if place.name == _own_name() else None


def _ended(folder: Path, now: float) -> bool:
    namespace, _, process = folder.name.partition("-")
    pid, _, started = process.partition("-")
    if namespace != _namespace():
        return now - _last_word(folder) > FOREIGN_SECONDS
    return pid.isdigit() and _started(int(pid)) != started


def _last_word(folder: Path) -> float:
    return max((_modified(one) for one in (folder, *_folders(folder))), default=0.0)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # somebody else swept it meanwhile
        return 0.0


def _folders(place: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):  # gone meanwhile, or not ours to read
        yield from [one for one in place.iterdir() if one.is_dir() and not one.is_symlink()]


def _private_place() -> Path:
    refused = OSError("no folder for the workers' counts can be made")
    for base in dict.fromkeys((MEMORY, Path(tempfile.gettempdir()))):
        place = base / _own_name()
        try:
            place.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            found = place.lstat()
        except OSError as e:
            refused = e
            continue
        # Everybody may write to these places: a folder that somebody else put there under our name is none of ours.
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
            return place
        refused = PermissionError(f"{place} is not this user's own")
    raise refused


def _own_name() -> str:
    return f"{OURS}-metrics-{os.getuid()}"


def _made(path: Path) -> Folder:
    folder = Folder(path)
    folder.make()
    return folder


def _slug(service: str) -> str:
    readable = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in service)[:40]
    return f"{readable}-{sha256(service.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return "0"


def _started(pid: int) -> str:
    """When a process started, in ticks since the machine did; empty where there is none, or nobody to say so."""
    try:
        said = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    return said.rpartition(b")")[2].split()[19].decode("ascii")
