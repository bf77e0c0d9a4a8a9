"""The floors: who may import whom, who may own a clock, who may read the environment.

floor 4  __main__  cli
floor 3  service -> api -> serving -> answers        client -> answers
floor 2  dashboards -> slo, alerts      collector -> slo      settings -> slo.errors, slo.hours, how slo.openslo reads
floor 1  alerts -> slo
floor 0  slo -> nobody                  instrumentation -> nobody
beside   examples -> instrumentation, client

That nobody imports in a circle is told by tests/test_style.py. Imports inside functions and imports for types count like any other.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    "alerts",
    "answers",
    "cli",
    "client",
    "collector",
    "dashboards",
    "examples",
    "instrumentation",
    "serving",
    "settings",
    "slo",
)
ROOT_MODULES = {"__init__", "__main__", "api", "service"}
FLOOR_0_TO_2 = {"slo", "instrumentation", "alerts", "collector", "dashboards", "settings"}
ALLOWED: dict[str, set[str]] = {
    "slo": set(),
    "answers": set(),
    "instrumentation": set(),
    "alerts": {"slo"},
    "dashboards": {"slo", "alerts"},
    "collector": {"slo"},
    "settings": {
        "slo.errors",
        "slo.hours",
        "slo.openslo.corrections",
        "slo.openslo.document",
        "slo.openslo.wording",
        "slo.openslo.yaml_reader",
    },
    "client": {"answers"},
    "serving": FLOOR_0_TO_2 | {"answers"},
    "api": FLOOR_0_TO_2 | {"serving"},
    "service": FLOOR_0_TO_2 | {"api", "serving"},
    "cli": FLOOR_0_TO_2 | {"api", "client", "service", "examples"},
    "__main__": {"cli"},
    "__init__": set(),
    "examples": {"instrumentation", "client"},
}

# What the domain may stand on. Everything else it gets as an argument. The modules that read SLO files may know YAML and
# pydantic; the nouns and their arithmetic know neither, nor the readers.
SLO_THIRD_PARTY = {"numpy", "dateutil"}
SLO_READERS_THIRD_PARTY = {"yaml", "pydantic", "pydantic_core", "promql_parser"}
SLO_READERS = "slo.openslo"
SLO_BANNED_STANDARD = {
    "asyncio", "http", "multiprocessing", "selectors", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "threading",
    "urllib.request",
}  # fmt: skip

CLOCK_OWNERS = {"service", "instrumentation.clock"}
CLOCKS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.putenv"}


class Import(NamedTuple):
    """One name that a module imports: the dotted module it asks, and where it stands."""

    target: str
    line: int


def sources() -> list[Path]:
    """Every Python file of the package."""
    in_folders = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return sorted([*ROOT.glob("*.py"), *in_folders])


def module_of(path: Path) -> str:
    """`slo/window.py` is `slo.window`, `slo/__init__.py` is `slo`, the root's `__init__.py` is `__init__`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


def room_of(module: str) -> str:
    """The folder, or the root's module, that a dotted name belongs to."""
    return module.split(".", maxsplit=1)[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def package_of(path: Path) -> list[str]:
    """The dotted package a module's relative imports start from, with fournines in front."""
    return ["fournines", *path.relative_to(ROOT).parent.parts]


@cache
def imports_of(path: Path) -> tuple[Import, ...]:
    """Every import of a file, relative ones made absolute; `from x import y` gives both x and x.y."""
    return tuple(imports_in(path))


def imports_in(path: Path) -> Iterator[Import]:
    """The same, one by one."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            package = package_of(path)
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield Import(source, node.lineno)
            for alias in node.names:
                yield Import(f"{source}.{alias.name}", node.lineno)


def own_imports(path: Path) -> Iterator[Import]:
    """The imports that stay in the house, without `fournines.` in front, as far as they name a module that exists."""
    for found in imports_of(path):
        if found.target == "fournines":
            yield found._replace(target="__init__")
        elif found.target.startswith("fournines."):
            inside = found.target.removeprefix("fournines.")
            if room_of(inside) in ALLOWED:
                yield found._replace(target=inside)


def upward(path: Path) -> list[str]:
    """The imports of a file that its floor forbids."""
    room = room_of(module_of(path))
    open_to_it = ALLOWED.get(room, set()) | {room, "__init__"}
    return [
        f"{path.relative_to(ROOT)}:{found.line}: {room} imports {found.target}"
        for found in own_imports(path)
        if not any(f"{found.target}.".startswith(f"{place}.") for place in open_to_it)
    ]


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    """`datetime.now` as the text of what it means, import aliases resolved; empty when it is no dotted name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        left = dotted(node.value, names)
        return f"{left}.{node.attr}" if left else ""
    return ""


def uses(path: Path, banned: set[str]) -> list[str]:
    """Where a file names one of the banned attributes, called or handed on. Without its words, there is none to look for."""
    text = path.read_text()
    if not any(all(word in text for word in name.split(".")) for name in banned):
        return []
    tree = tree_of(path)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}: {dotted(node, names)}"
        for node in ast.walk(tree)
        if isinstance(node, (ast.Attribute, ast.Name)) and dotted(node, names) in banned
    ]


def clocks(path: Path) -> list[str]:
    """Where a file asks what time it is: it imports `time`, whatever for, or asks `datetime`."""
    imported = [f"{path.relative_to(ROOT)}:{it.line}: time" for it in imports_of(path) if it.target == "time"]
    return imported + uses(path, CLOCKS)


def test_no_import_runs_upward():
    """A room imports from the floors below that are open to it, and from nobody else, not even for types."""
    faults = [fault for path in sources() for fault in upward(path)]

    assert faults == []


def test_the_root_holds_only_the_modules_of_the_plan():
    """The root is the package: a stray module there would ship, so only the listed ones may stand in it."""
    assert {path.stem for path in ROOT.glob("*.py")} <= ROOT_MODULES


def test_the_domain_stands_on_no_technology():
    """slo/ imports numpy and the standard library's plain parts; YAML, pydantic and PromQL only where SLO files are read."""
    faults = []
    for path in (ROOT / "slo").rglob("*.py"):
        allowed = SLO_THIRD_PARTY | (SLO_READERS_THIRD_PARTY if module_of(path).startswith(SLO_READERS) else set())
        for found in imports_of(path):
            top = found.target.split(".")[0]
            banned = any(f"{found.target}.".startswith(f"{name}.") for name in SLO_BANNED_STANDARD)
            standard = top in sys.stdlib_module_names and not banned
            if not (standard or top in allowed or top == "fournines"):
                faults.append(f"{path.relative_to(ROOT)}:{found.line}: {found.target}")

    assert faults == []


def test_the_domain_s_nouns_do_not_know_how_they_are_read():
    """A promise is the same whichever file it came from: only the readers, and the room's front door, import a reader."""
    nouns = [path for path in (ROOT / "slo").glob("*.py") if module_of(path) != "slo"]

    assert [
        f"{path.relative_to(ROOT)}:{found.line}: {found.target}"
        for path in nouns
        for found in own_imports(path)
        if found.target.startswith(SLO_READERS)
    ] == []


def test_one_place_of_each_program_owns_a_clock():
    """Everywhere else `now` is a parameter, or a name of the instrumentation's clock. The examples are programs of their own."""
    faults = [
        fault
        for path in sources()
        if module_of(path) not in CLOCK_OWNERS and room_of(module_of(path)) != "examples"
        for fault in clocks(path)
    ]

    assert faults == []


def test_only_settings_read_the_environment():
    """Configuration is read once, in settings/ and in the instrumentation's config. The examples hand theirs to children."""
    faults = [
        use
        for path in sources()
        if room_of(module_of(path)) != "settings"
        and not module_of(path).startswith("instrumentation.config")
        and room_of(module_of(path)) != "examples"
        for use in uses(path, ENVIRONMENT)
    ]

    assert faults == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("slo/planted.py", "from ..collector import ledger"),
        ("slo/planted.py", "import fournines.alerts"),
        ("alerts/planted.py", "def late():\n    from ..dashboards import page"),
        (
            "dashboards/planted.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from fournines import collector",
        ),
        ("dashboards/planted.py", "from .. import collector"),
        ("instrumentation/planted.py", "from ..slo import SLO"),
        ("collector/planted.py", "from ..service import Service"),
        ("settings/planted.py", "from ..slo.window import Window"),
    ],
)
def test_an_upward_import_is_found_however_it_is_written(place, line, tmp_path, monkeypatch):
    """Absolute, relative, inside a function or for types only: the watchman sees each of them."""
    monkeypatch.setattr(f"{__name__}.ROOT", plant(tmp_path, place, line))

    assert upward(tmp_path / place) != []


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.time()",
        "from time import monotonic as clock\nclock()",
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "import time\ndef f(clock=time.perf_counter): ...",
    ],
)
def test_a_clock_is_found_however_it_is_named(text, tmp_path, monkeypatch):
    """An alias or a default argument does not hide a clock."""
    monkeypatch.setattr(f"{__name__}.ROOT", plant(tmp_path, "collector/planted.py", text))

    assert clocks(tmp_path / "collector/planted.py") != []


def plant(root: Path, place: str, text: str) -> Path:
    """A house with one file more."""
    for folder in FOLDERS:
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "__init__.py").touch()
    (root / place).write_text(text + "\n")
    return root
