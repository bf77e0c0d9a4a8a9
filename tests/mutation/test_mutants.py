"""The faults that a mutation run plants."""

from __future__ import annotations

import ast
import importlib.util
import sys
import tomllib
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("mutants.py")


@pytest.fixture(scope="module")
def mutants():
    """Every mutant of a source."""
    spec = importlib.util.spec_from_file_location("mutants", SOURCE)
    sys.modules["mutants"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield lambda source: list(module.mutants(source))
    del sys.modules["mutants"]


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("x = a + b", ["x = a - b", "x = a * b"]),
        ("x = a < b", ["x = a <= b", "x = a >= b", "x = a != b"]),
        ("x = a is None", ["x = a is not None"]),
        ("x = a and b and c", ["x = a or b or c", "x = b and c", "x = a and c", "x = a and b"]),
        ("x = -a", ["x = a"]),
        ("x = not a", ["x = a"]),
        ("x = [3, True]", ["x = [4, True]", "x = [2, True]", "x = [3, False]"]),
        ("x = max(a, np.floor(b))", ["x = min(a, np.floor(b))", "x = max(a, np.ceil(b))"]),
        ("floor = max", ["floor = min"]),
        ("x = a if b else c", ["x = a if False else c", "x = a if True else c"]),
        ("x = [a for a in b if c]", ["x = [a for a in b if False]", "x = [a for a in b if True]"]),
        ("x += a", ["pass", "x -= a", "x *= a"]),
        ("x[a] = f(b)", ["pass"]),
        ("f(x)", ["pass"]),
        ("raise E(a + 1)", ["pass"]),
        ("while a:\n    break", ["while False:", "continue"]),
        ("if a:\n    f(1)", ["if False:", "if True:", "pass", "f(2)", "f(0)"]),
        ("@d(1)\ndef f(x: 1 | 2 = 3) -> 4:\n    '''5'''", ["def f(x: 1 | 2=4) -> 4:", "def f(x: 1 | 2=2) -> 4:"]),
        ("x = f'{a:3}'", []),
        ("x = zip(a, b, strict=True)", []),
    ],
)
def test_every_fault_of_a_statement(mutants, source, faults):
    """Numbers, comparisons and decisions become others; texts, annotations, decorators and what an error says stay."""
    assert [mutant.becomes for mutant in mutants(source)] == faults


def test_one_fault_in_the_statement_it_names(mutants, root):
    """A mutant is the module with one line that is another, and can be run; every other line is what it was."""
    source = (root / "slo" / "window.py").read_text()
    plain = ast.unparse(ast.parse(source)).splitlines()

    found = mutants(source)

    assert len({mutant.key for mutant in found}) > 50
    for mutant in found:
        text = ast.unparse(mutant.tree).splitlines()
        assert len(text) == len(plain)
        assert sum(line != was for line, was in zip(text, plain, strict=True)) == 1
        assert compile(mutant.tree, "mutant", "exec")


def test_what_only_importing_runs_is_told_apart(mutants):
    """A function's default is computed on import, as a constant of the module is; its body is not."""
    found = {mutant.becomes: mutant.in_function for mutant in mutants("a = 1\ndef f(b=2):\n    return b + c\n")}

    assert found == {
        **dict.fromkeys(("a = 2", "a = 0", "def f(b=3):", "def f(b=1):"), False),
        **dict.fromkeys(("return b - c", "return b * c"), True),
    }


def test_every_explanation_is_of_a_statement_that_stands(root):
    """Whoever changes one that has survivors explains them anew: not only a run of an hour says so."""
    for module, entries in tomllib.loads(SOURCE.with_name("explained.toml").read_text()).items():
        plain = ast.unparse(ast.parse((root / module).read_text())).replace("elif ", "if ")
        stands = {line.strip() for line in plain.splitlines()}

        assert {entry["was"] for entry in entries} - stands == set(), module
