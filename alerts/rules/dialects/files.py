"""The files of each dialect, written where no other's stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ....slo import SLO
from .pyrra import pyrra_files, pyrra_notes
from .sloth_files import sloth_files, sloth_notes


class _Written(NamedTuple):
    """The texts of a dialect's files by their paths, and what these can't say."""

    texts: Callable[[Sequence[SLO]], Mapping[str, str]]
    notes: Callable[[Sequence[SLO]], Iterator[str]]


def write(out_dir: Path, slos: Sequence[SLO], dialect: str) -> list[Path]:
    """Writes the rules of a dialect, `sloth` or `pyrra`, below `out_dir`, in a folder of its name; returns what it wrote."""
    written = []
    for name, text in _DIALECTS[dialect].texts(slos).items():
        path = out_dir / dialect / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def notes(slos: Sequence[SLO], dialect: str) -> Iterator[str]:
    """What a dialect can't say of SLOs: a sentence each."""
    return _DIALECTS[dialect].notes(slos)


def _of_pyrra(slos: Sequence[SLO]) -> Mapping[str, str]:
    return {f"{name}.yaml": text for name, text in pyrra_files(slos).items()}


_DIALECTS: Final[Mapping[str, _Written]] = {
    "sloth": _Written(sloth_files, sloth_notes),
    "pyrra": _Written(_of_pyrra, pyrra_notes),
}
