"""How this house looks in numbers, beside four that are known to be well built: docs/style.md.

python -m plans.style       writes the page's tables (`make style` says it so that it is found)
"""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from .page import fill, table
from .source import ROOT, Function, Module, Tree, When, docstring, read_house

PAGE: Final = ROOT / "docs" / "style.md"
BESIDE: Final = ("starlette", "httpx", "structlog", "prometheus_client")

LONGEST_FILE: Final = 300
LONGEST_FUNCTION: Final = 40
MEDIAN_FUNCTION: Final = 9
FEW: Final = 30
"""Functions of a folder of which the usual length says little: four long commands are half of eight."""
WIDEST_LINE: Final = 120

FOLDER_COLUMNS: Final = (
    "files", "lines", "file: median / p90 / max", "function: median / p90 / max", "> 40", "with docstring", "late imports", "tests : code"
)  # fmt: skip
"""What of a row is told of a folder; the rest is the same in all of them."""

TABLES: Final[Mapping[str, str]] = {
    "collector.kernels.redaction": "a kernel and what it calls: one grammar, walked in one loop over all levels of a message",
}
"""Files that are longer, and why: tables of data and kernels, which are read line by line and not at once."""

_COMPILED: Final = frozenset({"kernel", "helper", "inlined", "allocating"})
"""What decorates a kernel, or a part of one (`collector/kernels/compiled.py`)."""


class Measured(NamedTuple):
    """A function, and how many lines it has, its docstring's among them."""

    place: str
    lines: int
    is_typed: bool
    is_kernel: bool


def functions_of(modules: Iterable[Module]) -> list[Measured]:
    """Every function, methods and inner ones too, in the order they stand in."""
    return [
        Measured(f"{module.name}:{name}", _length(node), _is_typed(node), _is_kernel(node))
        for module in modules
        for name, node in module.definitions
        if isinstance(node, Function)
    ]


def measured(tree: Tree, modules: Sequence[Module], tests: int | None = None) -> dict[str, str]:
    """What there is to say of some modules of a tree, by the heading of its column; `tests` is how many lines of tests there are."""
    files = [module.lines for module in modules]
    functions = functions_of(modules)
    lengths = [function.lines for function in functions]
    public = [node for module in modules for _, node in module.definitions if not node.name.startswith("_")]
    late = (found.when is When.LATER for module in modules for found in tree.imports(module.name))
    return {
        "files": str(len(files)),
        "lines": f"{sum(files):,}",
        "file: median / p90 / max": _spread(files),
        "> 300": _above(files, LONGEST_FILE),
        "> 400": _above(files, 400),
        "function: median / p90 / max": _spread(lengths),
        "> 40": _above(lengths, LONGEST_FUNCTION),
        "typed": _share(function.is_typed for function in functions),
        "with docstring": _share(bool(docstring(node)) for node in public),
        "circles": _circles(tree, modules),
        "late imports": str(sum(late)),
        "wide lines": _above((len(line) for module in modules for line in module.text.splitlines()), WIDEST_LINE),
        "tests : code": "-" if tests is None else f"{tests / sum(files):.2f}",
    }


def rooms(tree: Tree) -> dict[str, list[Module]]:
    """The modules of each folder, its sub-folders' among them; `fournines` itself are the modules of the root."""
    found: dict[str, list[Module]] = {}
    for module in tree.modules.values():
        folder = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
        parts = folder.split(".")[1:]
        for depth in range(1, len(parts) + 1):
            found.setdefault(".".join(parts[:depth]), []).append(module)
        if not parts:
            found.setdefault("fournines", []).append(module)
    return dict(sorted(found.items()))


def side_by_side(house: Tree) -> str:
    """The house, and the others as they are installed."""
    rows = {"**fournines**": measured(house, list(house.modules.values()), _lines_of((ROOT / "tests").rglob("*.py")))}
    for name in BESIDE:
        tree = Tree.of_package(_folder(name))
        rows[name] = measured(tree, list(tree.modules.values()))
    return _table("tree", rows, list(rows["**fournines**"]))


def room_by_room(house: Tree) -> str:
    """Each folder of this house."""
    rows = {name: measured(house, modules, _tests_of(name)) for name, modules in rooms(house).items()}
    return _table("folder", rows, FOLDER_COLUMNS)


def _table(first: str, rows: Mapping[str, Mapping[str, str]], columns: Sequence[str]) -> str:
    return table([first, *columns], [[name, *(row[column] for column in columns)] for name, row in rows.items()])


def longest(house: Tree, most: int = 10) -> str:
    """The longest files, functions and kernels, and the classes with most methods."""
    every = house.modules.values()
    functions = functions_of(every)
    columns = {
        "longest files": [(module.lines, module.name) for module in every],
        "longest functions": [(one.lines, one.place) for one in functions if not one.is_kernel],
        "longest kernels": [(one.lines, one.place) for one in functions if one.is_kernel],
        "classes with most methods": [
            (sum(isinstance(part, Function) for part in node.body), f"{module.name}:{name}")
            for module in every
            for name, node in module.definitions
            if isinstance(node, ast.ClassDef)
        ],
    }
    found = [sorted(column, key=lambda one: (-one[0], one[1]))[:most] for column in columns.values()]
    rows = [[f"{number} {name.removeprefix('fournines.')}" for number, name in row] for row in zip(*found, strict=True)]
    return table(list(columns), rows)


def main() -> None:
    """Writes the tables."""
    house = read_house()
    fill(
        PAGE,
        {"side by side": side_by_side(house), "room by room": room_by_room(house), "longest": longest(house)},
    )


def _length(node: Function) -> int:
    assert node.end_lineno is not None, "it was read from a file"
    return node.end_lineno - node.lineno + 1


def _is_kernel(node: Function) -> bool:
    names = (decorator.func if isinstance(decorator, ast.Call) else decorator for decorator in node.decorator_list)
    return any(isinstance(name, ast.Name) and name.id in _COMPILED for name in names)


def _is_typed(node: Function) -> bool:
    named = node.args
    every = [*named.posonlyargs, *named.args, *named.kwonlyargs, *filter(None, (named.vararg, named.kwarg))]
    return node.returns is not None and all(each.annotation or each.arg in ("self", "cls") for each in every)


def _spread(numbers: Sequence[int]) -> str:
    if not numbers:
        return "-"
    ordered = sorted(numbers)
    return f"{statistics.median(ordered):g} / {ordered[int(len(ordered) * 0.9)]:,} / {ordered[-1]:,}"


def _above(numbers: Iterable[int], limit: int) -> str:
    return str(sum(number > limit for number in numbers))


def _share(answers: Iterable[bool]) -> str:
    every = list(answers)
    return f"{sum(every)} / {len(every)}"


def _circles(tree: Tree, modules: Sequence[Module]) -> str:
    """How many there are at import time / with imports inside functions / with those for type checkers."""
    here = {module.name for module in modules}
    times: tuple[tuple[When, ...], ...] = ((When.AT_ONCE,), (When.AT_ONCE, When.LATER), ())
    return " / ".join(str(sum(not here.isdisjoint(circle) for circle in _circles_of(tree, when))) for when in times)


@cache
def _circles_of(tree: Tree, times: tuple[When, ...]) -> list[list[str]]:
    return tree.circles(*times)


def _tests_of(folder: str) -> int | None:
    """The lines of a folder's own tests; None where they stand with another's."""
    tests = ROOT / "tests" / folder.replace(".", "/")
    return _lines_of(tests.rglob("*.py")) if tests.is_dir() else None


def _lines_of(paths: Iterable[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None, f"{package} is among what `make test` installs"
    assert spec.origin is not None, f"{package} is a package of files"
    return Path(spec.origin).parent


if __name__ == "__main__":
    main()
