"""The house and the three ways of data through it, drawn from the code: docs/architecture.md and its pictures.

python -m plans.architecture       writes them (`make architecture` says it so that it is found)
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from .house import house_list
from .house_picture import house_picture
from .page import filled
from .source import ROOT, Tree, read_house
from .way import PACKAGE, Way
from .way_picture import way_picture
from .ways import WAYS

PAGE: Final = ROOT / "docs" / "architecture.md"
IMAGES: Final = ROOT / "docs" / "images"


def made(house: Tree) -> dict[Path, str]:
    """Every file that the command writes, with its text."""
    parts = {"house": house_list(house)} | {way.name: way_list(way, house) for way in WAYS}
    pictures = {IMAGES / f"way-{way.name}.svg": way_picture(way, way.title) for way in WAYS}
    pictures[IMAGES / "house.svg"] = house_picture(house)
    return {PAGE: filled(PAGE.read_text(encoding="utf-8"), parts), **pictures}


def way_list(way: Way, house: Tree) -> str:
    """A way in words, below its picture: what a module says of itself; of a method, and where a module comes again, what that says."""
    lines = [f"![{way.title}, drawn](images/way-{way.name}.svg)"]
    met: set[str] = set()
    number = 0
    for stage in way.stages:
        lines += ["", f"**{stage.title}**, {stage.where}", ""]
        for one in stage.steps:
            number += 1
            module = house.modules[PACKAGE + one.place.module]
            said = one.place.says(house) if "." in one.place.name or module.name in met else module.says
            by = f" *By the {one.joint.kind} `{one.joint.at}`, which `{one.joint.tied_in}` ties.*" if one.joint else ""
            lines.append(f"{number}. [`{one.place}`](../{module.path.relative_to(ROOT).as_posix()}): {said}{by}")
            met.add(module.name)
    return "\n".join(lines)


def main() -> None:
    """Writes the page and its pictures."""
    for path, text in made(read_house()).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
