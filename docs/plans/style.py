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
from .source import ROOT, Function, Module, Tree, When, docstring

PAGE: Final = ROOT / "docs" / "style.md"
BESIDE: Final = ("starlette", "httpx", "structlog", "prometheus_client")

LONGEST_FILE: Final = 300
LONGEST_FUNCTION: Final = 40
MEDIAN_FUNCTION: Final = 9

TABLES: Final[Mapping[str, str]] = {}
"""Files that are longer, and why: tables of data and kernels, which are read line by line and not at once."""

_COMPILED: Final = frozenset({"kernel", "helper", "inlined", "allocating"})
"""What decorates a kernel, or a part of one (`collector/kernels/compiled.py`)."""

_HEAD: Final = [
    "tree", "files", "lines", "file: median / p90 / max", "> 300", "> 400", "function: median / p90 / max", "> 40",
    "typed", "with docstring", "circles", "tests : code",
]  # fmt: skip


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


def measured(name: str, tree: Tree, modules: Sequence[Module], tests: int | None = None) -> list[str]:
    """One row of the table, about some modules of a tree; `tests` is how many lines of tests there are."""
    files = [module.lines for module in modules]
    functions = functions_of(modules)
    lengths = [function.lines for function in functions]
    public = [node for module in modules for _, node in module.definitions if not node.name.startswith("_")]
    return [
        name,
        str(len(files)),
        f"{sum(files):,}",
        _spread(files),
        _above(files, LONGEST_FILE),
        _above(files, 400),
        _spread(lengths),
        _above(lengths, LONGEST_FUNCTION),
        _share(function.is_typed for function in functions),
        _share(bool(docstring(node)) for node in public),
        _circles(tree, modules),
        "-" if tests is None else f"{tests / sum(files):.2f}",
    ]


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
    rows = [measured("**fournines**", house, list(house.modules.values()), _lines_of((ROOT / "tests").rglob("*.py")))]
    for name in BESIDE:
        tree = Tree.of_package(_folder(name))
        rows.append(measured(name, tree, list(tree.modules.values())))
    return table(_HEAD, rows)


def room_by_room(house: Tree) -> str:
    """Each folder of this house."""
    rows = [measured(name, house, modules, _tests_of(name)) for name, modules in rooms(house).items()]
    return table(["folder", *_HEAD[1:]], rows)


def longest(house: Tree, most: int = 10) -> str:
    """The longest files and functions."""
    files = sorted(house.modules.values(), key=lambda module: (-module.lines, module.name))
    functions = sorted(functions_of(house.modules.values()), key=lambda function: (-function.lines, function.place))
    kernels = [function for function in functions if function.is_kernel]
    return table(
        ["longest files", "longest functions", "longest kernels"],
        [
            [
                f"{file.lines} {_short(file.name)}",
                f"{function.lines} {_short(function.place)}",
                f"{kernel.lines} {_short(kernel.place)}",
            ]
            for file, function, kernel in zip(
                files[:most], [one for one in functions if not one.is_kernel][:most], kernels[:most], strict=True
            )
        ],
    )


def main() -> None:
    """Writes the tables."""
    house = Tree.of_house()
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


def _short(name: str) -> str:
    return name.removeprefix("fournines.")


if __name__ == "__main__":
    main()
