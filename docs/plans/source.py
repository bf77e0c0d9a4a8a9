"""The code as data: modules with their definitions, docstrings and imports. It is read, and never run."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
"""The house: the folder that is the package `fournines`."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef

_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")


class When(Enum):
    """When an import is carried out."""

    AT_ONCE = "when the module is imported"
    LATER = "when a function runs"
    NEVER = "by type checkers only"


class Import(NamedTuple):
    """One name that a module imports from another of its tree; `name` is empty where it is the module itself."""

    module: str
    name: str
    line: int
    when: When


def first_sentence(text: str) -> str:
    """What a docstring says first, on one line."""
    return _SENTENCE.split(" ".join(text.split("\n\n", maxsplit=1)[0].split()), maxsplit=1)[0]


def docstring(node: ast.Module | Definition) -> str:
    """Its docstring; empty where it has none."""
    return ast.get_docstring(node) or ""


@dataclass(frozen=True)
class Module:
    """One file. `name` is dotted, and a folder's own for its `__init__`."""

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        """What it says."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """What that means."""
        return ast.parse(self.text, filename=str(self.path))

    @cached_property
    def lines(self) -> int:
        """How long it is."""
        return len(self.text.splitlines())

    @cached_property
    def definitions(self) -> tuple[tuple[str, Definition], ...]:
        """Every class and function with its qualified name, methods and inner ones too."""
        return tuple(_definitions(self.tree, ""))

    @property
    def says(self) -> str:
        """The first sentence of its docstring."""
        return first_sentence(docstring(self.tree))

    def says_of(self, name: str) -> str | None:
        """The first sentence about a class, function (`Class.method` too) or constant; None where there is none of that name.

        Where nothing is said of it, or the reader is sent to the module, it is what the module says.
        """
        body: Sequence[ast.stmt] = self.tree.body
        said = ""
        for part in name.split("."):
            at = next((index for index, node in enumerate(body) if _name_of(node) == part), None)
            if at is None:
                return None
            node = body[at]
            said = docstring(node) if isinstance(node, Definition) else _text_of(body[at + 1 : at + 2])
            body = node.body if isinstance(node, Definition) else ()
        return self.says if not said or said.startswith("See the module") else first_sentence(said)


class Tree:
    """The modules of one package, by name, and who imports whom."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self._imports: dict[str, tuple[Import, ...]] = {}

    @classmethod
    def of_package(cls, folder: Path) -> Tree:
        """Every module of an installed package."""
        return cls(_named(sorted(folder.rglob("*.py")), folder, folder.name))

    def imports(self, name: str) -> tuple[Import, ...]:
        """What a module imports of its own tree, in its order."""
        if name not in self._imports:
            self._imports[name] = tuple(self._read(name))
        return self._imports[name]

    def _read(self, name: str) -> Iterator[Import]:
        module = self.modules[name]
        package = name if module.path.name == "__init__.py" else name.rpartition(".")[0]
        for node, when in _imports(module.tree, When.AT_ONCE):
            if isinstance(node, ast.Import):
                found = ((alias.name, "") for alias in node.names)
            else:
                source = _absolute(node, package)
                found = ((source, alias.name) for alias in node.names)
            for target, imported in found:
                if f"{target}.{imported}" in self.modules:
                    yield Import(f"{target}.{imported}", "", node.lineno, when)
                elif target in self.modules:
                    yield Import(target, imported, node.lineno, when)

    def home(self, found: Import) -> str:
        """The module that defines what is imported: a folder's face only hands it on."""
        for handed in self.imports(found.module) if found.name else ():
            if handed.name == found.name:
                return self.home(handed)
        return found.module

    def asks(self, name: str, *times: When) -> set[str]:
        """The modules that a module imports at these times (at any, where none is named)."""
        return {
            found.module for found in self.imports(name) if found.module != name and (not times or found.when in times)
        }

    def uses(self, name: str) -> set[str]:
        """As `asks`, and the modules behind the faces that it asks."""
        return {place for found in self.imports(name) for place in (found.module, self.home(found))} - {name}

    def circles(self, *times: When) -> list[list[str]]:
        """The modules that import each other, each circle sorted; see `asks` for `times`."""
        graph = {name: self.asks(name, *times) for name in self.modules}
        return sorted(sorted(circle) for circle in strong_parts(graph) if len(circle) > 1)


@cache
def read_house() -> Tree:
    """The modules that are shipped as `fournines`, as pyproject.toml lists their folders; read once."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = [ROOT.joinpath(*package.split(".")[1:]) for package in setuptools["packages"]]
    return Tree(_named([path for folder in folders for path in sorted(folder.glob("*.py"))], ROOT, "fournines"))


def _name_of(node: ast.stmt) -> str:
    """The name that a statement binds; empty for others."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _text_of(body: Sequence[ast.stmt]) -> str:
    """The text that stands below a constant."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str(text)))]:
            return text
    return ""


def strong_parts(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The strongly connected parts of a graph, those that are pointed to first (Tarjan 1972)."""
    parts: list[set[str]] = []
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        path.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
            if other in path:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            at = path.index(node)
            parts.append(set(path[at:]))
            del path[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return parts


def _named(paths: list[Path], folder: Path, name: str) -> dict[str, Module]:
    modules = {}
    for path in paths:
        parts = path.relative_to(folder).with_suffix("").parts
        dotted = ".".join((name, *(parts[:-1] if parts[-1] == "__init__" else parts)))
        modules[dotted] = Module(dotted, path)
    return modules


def _definitions(node: ast.AST, within: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            name = f"{within}{child.name}"
            yield name, child
            yield from _definitions(child, f"{name}.")
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _definitions(child, within)


def _imports(node: ast.AST, when: When) -> Iterator[tuple[ast.Import | ast.ImportFrom, When]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, when
        elif isinstance(child, Function):
            yield from _imports(child, When.LATER)
        elif isinstance(child, ast.If) and _is_for_types(child.test):
            yield from _imports(ast.Module(child.body, []), When.NEVER)
            yield from _imports(ast.Module(child.orelse, []), when)
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _imports(child, when)


def _is_for_types(test: ast.expr) -> bool:
    """Whether it is `TYPE_CHECKING`, `typing.TYPE_CHECKING`."""
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """The module that `from` names."""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1] if node.level else []
    return ".".join([*base, *([node.module] if node.module else [])])
