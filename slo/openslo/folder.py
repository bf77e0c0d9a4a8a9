"""Which files are SLO files: those named, and of a folder every `*.yaml` and `*.yml`, at any depth."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import Fault

_SUFFIXES: Final = frozenset({".yaml", ".yml"})


def slo_files(paths: Sequence[Path], faults: list[Fault]) -> list[Path]:
    """Every file of `paths` once, though several of them hold it; a folder's are sorted, and faults of listing them are noted."""
    files: dict[Path, Path] = {}
    for path in paths:
        found = _within(path, faults) if os.path.isdir(path) else [path]  # noqa: PTH112 - Path.is_dir raises for some paths
        for file in found:
            files.setdefault(Path(os.path.realpath(file)), file)
    return list(files.values())


def _within(folder: Path, faults: list[Fault]) -> list[Path]:
    """Its YAML files, sorted. Hidden ones are left out: Kubernetes mounts every file a second time below `..data`."""
    known = len(faults)
    found: list[Path] = []
    for here, folders, names in os.walk(folder, onerror=lambda error: faults.append(_unlisted(error))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [Path(here, name) for name in names if not name.startswith(".")]
        found += [path for path in paths if path.suffix in _SUFFIXES and _is_given(path)]
    if not found and len(faults) == known:
        faults.append(Fault(str(folder), 0, "", "holds no *.yaml or *.yml file"))
    return sorted(found)


def _unlisted(error: OSError) -> Fault:
    return Fault(str(error.filename), 0, "", f"can't be read: {error.strerror}")


def _is_given(path: Path) -> bool:
    """Whether it is meant to be read: a file, or what can't be looked at, which reading it will explain. Sockets and pipes are not."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True
