"""What the house promises about its rooms: small files, small functions, plain names, and no circle."""

from __future__ import annotations

import re
import statistics

import pytest
from plans.source import Module, Tree, read_house
from plans.style import FEW, LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION, TABLES, Measured, functions_of, rooms

PACKAGE = "fournines."
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "misc", "common"}


def test_no_file_is_longer_than_one_thing_takes():
    """One noun a file: at most 300 lines, but for the named tables of data and kernels, which are read line by line."""
    long = {
        name.removeprefix(PACKAGE): it.lines for name, it in read_house().modules.items() if it.lines > LONGEST_FILE
    }
    found = [f"{name} has {lines} lines" for name, lines in long.items() if name not in TABLES]

    assert not found, "\n".join(found)
    assert TABLES.keys() - long.keys() == set(), "no exception any more: take it off the list"


def test_no_function_is_longer_than_a_screen():
    """At most 40 lines, the docstring among them; a kernel is one loop and may be longer."""
    found = [
        f"{function.place} has {function.lines} lines"
        for function in functions_of(read_house().modules.values())
        if function.lines > LONGEST_FUNCTION and not function.is_kernel
    ]

    assert not found, "\n".join(found)


def test_the_usual_function_is_read_at_a_glance():
    """In the house, and in every folder that has more than a few, half of the functions that are no kernels have at most 9 lines."""
    folders = rooms(read_house()) | {"the house": list(read_house().modules.values())}
    lengths = {
        name: [function.lines for function in functions_of(modules) if not function.is_kernel]
        for name, modules in folders.items()
    }
    medians = {name: statistics.median(lines) for name, lines in lengths.items() if len(lines) > FEW}
    found = [f"{name}: {median:g} lines" for name, median in medians.items() if median > MEDIAN_FUNCTION]

    assert not found, "\n".join(found)


def test_every_name_of_a_file_says_what_is_in_it():
    """A file called helpers, or manager, is about nothing: whatever it holds has a name."""
    named = [(name, word) for name in read_house().modules for word in re.split(r"[._]", name)]

    found = [name for name, word in named if word in EMPTY_WORDS]

    assert not found, "\n".join(found)


def test_no_modules_import_each_other():
    """Not at import time, not inside functions, and not for type checkers either: what is below knows nothing of what is above."""
    found = [" <-> ".join(circle) for circle in read_house().circles()]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "back",
    [
        "from .one import One",
        "from . import one",
        "import fournines.one",
        "def later():\n    from .one import One",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .one import One",
    ],
)
def test_a_circle_is_found_however_it_is_closed(back, tmp_path):
    """At once, inside a function or for types only: who imports whom is known by name."""
    (tmp_path / "one.py").write_text("from .two import Two\nclass One: ...")
    (tmp_path / "two.py").write_text(f"{back}\nclass Two: ...")
    planted = Tree(
        {f"fournines.{name}": Module(f"fournines.{name}", tmp_path / f"{name}.py") for name in ("one", "two")}
    )

    assert planted.circles() == [["fournines.one", "fournines.two"]]


def test_a_function_is_measured_from_def_to_its_end(tmp_path):
    """Its docstring counts and its decorators do not; a method's name tells whose it is, and a kernel is known by its decorator."""
    text = 'class One:\n    @property\n    def two(self) -> int:\n        """Two."""\n        return 2\n\n\n@kernel(1)\ndef three(x): ...\n'
    (tmp_path / "one.py").write_text(text)

    assert functions_of([Module("one", tmp_path / "one.py")]) == [
        Measured("one:One.two", lines=3, is_typed=True, is_kernel=False),
        Measured("one:three", lines=1, is_typed=False, is_kernel=True),
    ]
