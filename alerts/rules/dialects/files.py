"""The files of each dialect, written where no other's stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ....slo import SLO
from .pyrra_files import generic_files, generic_notes, pyrra_files, pyrra_notes
from .sloth_files import sloth_files, sloth_notes


class _Written(NamedTuple):
    """The folder of a dialect's files, their texts by their paths, and what these can't say."""

    folder: str
    texts: Callable[[Sequence[SLO]], Mapping[str, str]]
    notes: Callable[[Sequence[SLO]], Iterator[str]]


def write(out_dir: Path, slos: Sequence[SLO], dialect: str) -> list[Path]:
    """Writes the rules of a dialect (`sloth`, `pyrra`, `pyrra-generic`) into the tool's folder below `out_dir`; returns what it wrote."""
    written = []
    for name, text in _DIALECTS[dialect].texts(slos).items():
        path = out_dir / _DIALECTS[dialect].folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def left_over(out_dir: Path, written: Collection[Path], dialect: str) -> Iterator[str]:
    """Rule files of the tool's folder that a build did not write, whose alerts go on all the same: a sentence each."""
    found = (path for path in (out_dir / _DIALECTS[dialect].folder).rglob("*") if path.suffix in (".yml", ".yaml"))
    for path in sorted(set(found) - set(written)):
        yield f"{path} is of no SLO of this build: take it away, or its rules stay"


def notes(slos: Sequence[SLO], dialect: str) -> Iterator[str]:
    """What a dialect can't say of SLOs: a sentence each."""
    return _DIALECTS[dialect].notes(slos)


_DIALECTS: Final[Mapping[str, _Written]] = {
    "sloth": _Written("sloth", sloth_files, sloth_notes),
    "pyrra": _Written("pyrra", pyrra_files, pyrra_notes),
    "pyrra-generic": _Written("pyrra", generic_files, generic_notes),
}
