"""The tests of a room, collected once, that try one mutant after the other."""

from __future__ import annotations

import ast
import gc
import importlib.abc
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import _lru_cache_wrapper
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import coverage
import hypothesis
import pytest
from child import in_child
from mutants import Mutant

_PATIENCE: Final = 5.0
_COLLECTING: Final = 15.0
_SLOWER: Final = 3
"""How much more computing than the code a mutant may ask for: seconds, those of collecting tests anew, and times as long as the code."""

_ROOMS: Final = ("fournines", "tests", "conftest")
_COMPILED: Final = ("fournines.collector.kernels", "fournines.collector.columns")
"""What is never forgotten: machine code knows the types that it was compiled for, and takes no others."""

# A failure is all that is asked, not the smallest one; few examples, since many mutants are tried, and the same ones each time.
hypothesis.settings.register_profile(
    "mutation",
    deadline=None,
    max_examples=25,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=tuple(hypothesis.HealthCheck),
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    LATE = "killed by patience"
    SURVIVED = "survived"


@dataclass
class Trial:
    """A pytest plugin: in place of running the tests once, it measures them and has `judge` try its mutants with them.

    `reached` holds, by module and line, the tests that run the line; the empty name stands for importing.
    """

    root: Path
    modules: list[Path]
    judge: Callable[[Trial], None]
    items: dict[str, pytest.Item] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    reached: dict[Path, dict[int, list[str]]] = field(default_factory=dict)
    functions: list[FunctionType] = field(default_factory=list)
    caches: list[_lru_cache_wrapper[Any]] = field(default_factory=list)
    meter: coverage.Coverage = field(init=False)
    plugins: pytest.PytestPluginManager = field(init=False)

    def run(self, tests: Sequence[Path]) -> int:
        """Collects the tests; what pytest ends with."""
        _forget_imports()
        files = list(map(str, self.modules))
        self.meter = coverage.Coverage(data_file=None, config_file=False, include=files)
        self.meter.start()
        return int(pytest.main(_arguments(self.root, tests), plugins=[self]))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The tests are collected."""
        self.items = {item.nodeid: item for item in session.items}
        self.plugins = session.config.pluginmanager
        self._measure()
        if session.testsfailed:
            pytest.exit("these tests are red without a mutant", returncode=1)
        self.functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
        self.functions = [each for each in self.functions if Path(each.__code__.co_filename).resolve() in self.modules]
        self.caches = [each for each in gc.get_objects() if isinstance(each, _lru_cache_wrapper)]
        gc.freeze()
        if self._all_anew(self.modules[0], self.modules[0].read_text()) is not Fate.SURVIVED:
            pytest.exit("these tests are red without a mutant where they are collected anew", returncode=1)
        self.judge(self)
        return True

    def _measure(self) -> None:
        """Runs every test once: how long it takes, and which lines it reaches."""
        for nodeid in self.items:
            self.meter.switch_context(nodeid)
            began = time.process_time()
            self._run(nodeid)
            self.seconds[nodeid] = time.process_time() - began
        self.meter.stop()
        data = self.meter.get_data()
        self.reached = {path: data.contexts_by_lineno(str(path)) for path in self.modules}

    def _run(self, nodeid: str) -> None:
        item = self.items[nodeid]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def fate(self, path: Path, mutant: Mutant) -> Fate:
        """Tries it in the tests as they are collected and, where importing runs those lines, in tests that are collected anew."""
        code = compile(mutant.tree, str(path), "exec")
        reached = {nodeid for line in mutant.lines for nodeid in self.reached[path].get(line, ())}
        if mutant.in_function:
            fate = self._tried(path, reached - {""}, _PATIENCE, lambda chosen: self._in_place(code, chosen))
            if fate is not Fate.SURVIVED or "" not in reached:
                return fate
        return self._all_anew(path, mutant.tree)

    def _all_anew(self, path: Path, source: ast.Module | str) -> Fate:
        code = compile(source, str(path), "exec")
        return self._tried(
            path, set(self.items), _PATIENCE + _COLLECTING, lambda chosen: self._anew(path, code, chosen)
        )

    def _tried(self, path: Path, tests: set[str], patience: float, trial: Callable[[Sequence[str]], int]) -> Fate:
        """How a trial by these tests ends: the module's own come first, then the quickest."""
        chosen = sorted(tests, key=lambda nodeid: (f"test_{path.stem}.py" not in nodeid, self.seconds[nodeid]))
        status = in_child(lambda: trial(chosen), patience + _SLOWER * sum(self.seconds[nodeid] for nodeid in chosen))
        return {0: Fate.SURVIVED, None: Fate.LATE}.get(status, Fate.KILLED)

    def _in_place(self, code: CodeType, chosen: Sequence[str]) -> int:
        """Runs the collected tests, the module's functions having the mutant's code; what is cached came of the code as it was."""
        self.plugins.register(_FirstFailure())
        codes = {(each.co_qualname, each.co_firstlineno): each for each in _within(code)}
        for function in self.functions:
            mutated = codes.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
            if mutated is not None and Path(function.__code__.co_filename).samefile(code.co_filename):
                function.__code__ = mutated
        for cache in self.caches:
            cache.cache_clear()
        for nodeid in chosen:
            self._run(nodeid)
        return 0

    def _anew(self, path: Path, code: CodeType, chosen: Sequence[str]) -> int:
        """Runs tests collected anew on modules imported anew, one of which is the mutant."""
        _forget_imports()
        sys.meta_path.insert(0, _Planted(self.root, path, code))
        files = sorted({nodeid.partition("::")[0] for nodeid in chosen})
        return int(pytest.main(_arguments(self.root, files), plugins=[_Chosen(chosen), _FirstFailure()]))


def _forget_imports() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in _ROOMS and not name.startswith(_COMPILED)]:
        del sys.modules[name]


def _arguments(root: Path, tests: Iterable[Path | str]) -> list[str]:
    """pytest's: nothing is said, kept or measured."""
    said = (
        "-q",
        "-s",
        "--tb=no",
        "--no-header",
        "--no-summary",
        "--assert=plain",
        "--hypothesis-profile=mutation",
        "--timeout=0",
    )
    plugins = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:pytest_cov")
    return [*said, *plugins, "-m", "not long", f"--rootdir={root}", *map(str, tests)]


def _within(code: CodeType) -> Iterator[CodeType]:
    """A code object and those it holds."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _within(each)


class _FirstFailure:
    """Ends the process at the first failure."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            os._exit(1)


@dataclass
class _Chosen:
    """Keeps the chosen tests, in their order."""

    chosen: Sequence[str]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {nodeid: index for index, nodeid in enumerate(self.chosen)}
        items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])


@dataclass
class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutant to whoever imports its module."""

    root: Path
    path: Path
    code: CodeType

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != ".".join(("fournines", *self.path.relative_to(self.root).with_suffix("").parts)):
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def create_module(self, spec: ModuleSpec) -> None:
        """As usual."""

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)
