"""The rules of the house that a linter does not know: what is public is listed and says what it promises."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    "alerts",
    "answers",
    "cli",
    "client",
    "collector",
    "dashboards",
    "instrumentation",
    "serving",
    "settings",
    "slo",
)
PROGRAMS = ("examples",)

# Split, so that this file does not accuse itself.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error|x" + r"fail)\b")

type_of_definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    """The Python files of the given folders and of the root."""
    return sorted([*ROOT.glob("*.py"), *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))])


def tracked_files() -> list[Path]:
    """Every file that git keeps, links left aside."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def text_of(path: Path) -> str:
    """A file's text; empty for pictures and the like."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def names_bound_by(tree: ast.Module) -> set[str]:
    """The public names a room binds at its top level, by relative import or definition, lazily (for types only) or not."""
    names: set[str] = set()
    lazily = (each for node in tree.body if isinstance(node, ast.If) for each in node.body)
    for node in (*tree.body, *lazily):
        if isinstance(node, ast.ImportFrom) and node.level:
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, type_of_definition):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


def nouns_of(folder: str) -> dict[str, list[str]]:
    """The modules that define a public class, by its name."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_one_name_is_one_noun(folder):
    """Whoever reads a class's name knows which is meant, wherever in the folder; `Instruments` are those of the room they stand in."""
    twice = {name: modules for name, modules in nouns_of(folder).items() if len(modules) > 1}

    assert {} == {name: modules for name, modules in twice.items() if name != "Instruments"}


def in_order(name: str) -> tuple[int, str]:
    """Constants first, then classes, then functions, as ruff's RUF022 has it."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def silent(path: Path) -> list[str]:
    """The public definitions of a file that promise nothing: no docstring."""
    tree = ast.parse(path.read_text())
    faults = [] if ast.get_docstring(tree) else [f"{path.relative_to(ROOT)}:1"]
    for node in tree.body:
        if isinstance(node, type_of_definition) and is_public(node):
            methods = node.body if isinstance(node, ast.ClassDef) else []
            definitions = [
                node,
                *(each for each in methods if isinstance(each, type_of_definition) and is_public(each)),
            ]
            faults += [
                f"{path.relative_to(ROOT)}:{each.lineno}: {each.name}"
                for each in definitions
                if not ast.get_docstring(each)
            ]
    return faults


def is_public(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Not underscored, and nothing whose docstring stands elsewhere (an overload, a setter, an override)."""
    elsewhere = {"overload", "override", "setter"}
    marks = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in node.decorator_list}
    return not node.name.startswith("_") and not marks & elsewhere


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_a_room_offers_is_listed_completely_and_in_order(folder):
    """A room's `__all__` is sorted, names each thing once, and is all that its `__init__` binds."""
    room = importlib.import_module(f"fournines.{folder}")
    bound = names_bound_by(ast.parse((ROOT / folder / "__init__.py").read_text()))

    assert list(room.__all__) == sorted(set(room.__all__), key=in_order)
    assert set(room.__all__) == bound
    assert [name for name in room.__all__ if not hasattr(room, name)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_room_says_what_it_is_for(folder):
    """The docstring of a room's `__init__` is what a newcomer reads first."""
    assert importlib.import_module(f"fournines.{folder}").__doc__


def test_every_public_name_promises_something():
    """Modules, public classes, functions and methods have docstrings."""
    assert [fault for path in python_files(*FOLDERS, *PROGRAMS) for fault in silent(path)] == []


def test_nothing_is_left_unfinished():
    """No file holds a note to finish it later, nor a test that is expected to fail."""
    faults = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked_files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if UNFINISHED.search(line)
    ]

    assert faults == []


def test_no_file_knows_where_the_checkout_stands():
    """Nothing that git keeps names the folder it was written in."""
    checkout = f"{ROOT}/"

    assert [str(path.relative_to(ROOT)) for path in tracked_files() if checkout in text_of(path)] == []


def test_lint_bans_the_bare_names():
    """`import slo` would work from a checkout by accident, and from nowhere else; ruff refuses it for every room."""
    rooms = [*FOLDERS, *PROGRAMS]
    planted = "".join(f"import {room}\nfrom {room}.window import Window\n" for room in rooms)

    judged = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--select=TID251",
            "--output-format=concise",
            "--stdin-filename=planted.py",
            "-",
        ],
        check=False,
        input=planted,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert judged.returncode == 1
    assert judged.stdout.count("TID251") == 2 * len(rooms)


def test_lint_allows_the_ways_of_the_house():
    """Neither the public name nor the relative one is banned."""
    allowed = "from fournines.slo import SLO\nfrom ..slo.window import Window\n"

    judged = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select=TID251", "--stdin-filename=alerts/planted.py", "-"],
        check=False,
        input=allowed,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (judged.returncode, judged.stderr) == (0, "")
