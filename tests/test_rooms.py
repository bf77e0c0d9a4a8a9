"""The order inside the two large folders: each names its rooms from the ground up, and no room imports one above it.

A room is a sub-folder with all in it, or a module that stands beside them. Imports inside functions and for types count like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ROOMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "collector": (
        ("allocation", "attributes", "cards", "credentials", "errors", "exponential", "names", "receipt", "remembered"),
        ("columns", "counters", "room"),
        ("decoders", "ledger"),
        ("records", "rejections", "senders"),
        ("kernels",),
        ("redaction",),
        ("registry", "streams"),
        ("books",),
        ("counting",),
        ("doors", "traces", "forward", "logs"),
        ("request",),
        ("intake",),
        ("collector",),
        ("prometheus", "promql", "xray", "probes", "exposition"),
        ("plan",),
        ("outlets",),
        ("plane",),
    ),
    "instrumentation": (
        ("clock", "errorname", "errors", "forks", "health", "names", "suppression"),
        ("daemon", "identity", "process", "propagation", "redaction", "resources"),
        ("config", "counts"),
        ("tracing",),
        ("export", "multiprocess"),
        ("exposition", "logs"),
        ("aws", "emf", "outgoing", "work"),
        ("requests",),
        ("life", "objectives", "providers"),
        ("parts",),
        ("telemetry",),
        ("handles",),
        ("unchanged",),
    ),
}


def names_in(folder: str) -> set[str]:
    """The rooms that there are: sub-folders and modules."""
    found = (path for path in (ROOT / folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file())
    return {path.stem for path in found} - {"__init__"}


def rooms_asked(path: Path, folder: str) -> Iterator[tuple[str, int]]:
    """The rooms of its folder that a file imports from, with the line."""
    package = ["fournines", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            target = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            if target[1:2] == [folder]:
                inside = [part for part in target[2:] if part]
                yield from ((name, node.lineno) for name in (inside[:1] or [alias.name for alias in node.names]))


def upward(folder: str) -> list[str]:
    """Every import from a room to one that stands above it."""
    floor = {room: level for level, rooms in enumerate(ROOMS[folder]) for room in rooms}
    faults = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        room = path.relative_to(ROOT / folder).with_suffix("").parts[0]
        if room == "__init__":
            continue
        for asked, line in rooms_asked(path, folder):
            if asked != room and floor.get(asked, len(ROOMS[folder])) >= floor.get(room, -1):
                faults.append(f"{path.relative_to(ROOT)}:{line}: {room} imports {asked}")
    return faults


@pytest.mark.parametrize("folder", ROOMS)
def test_every_room_has_its_floor(folder):
    """A new room says where it stands, and none is named that is gone."""
    assert names_in(folder) == {room for rooms in ROOMS[folder] for room in rooms}


@pytest.mark.parametrize("folder", ROOMS)
def test_no_room_imports_one_of_its_floor_or_above(folder):
    """What is above may ask what is below; never the other way round, and never one another."""
    assert upward(folder) == []


WIDER = {
    "collector/ledger/part.py:Part": "one life in a transaction: changed, written, and kept or forgotten; the books ask all four in a row",
    "collector/books/taps.py:Tap": "a part that is shown each batch besides",
}


def sources(root: Path) -> Iterator[Path]:
    """The files of the house itself: what is hidden, as an environment is, is not walked through."""
    yield from root.glob("*.py")
    for room in root.iterdir():
        if room.is_dir() and room.name not in {"tests", "benchmarks"} and not room.name.startswith("."):
            yield from room.rglob("*.py")


def protocols(root: Path) -> dict[str, set[str]]:
    """Each protocol of the house as file:name, with all that its implementers must have, what it inherits among it."""
    found = {}
    for path in sorted(sources(root)):
        text = path.read_text()
        tree = ast.walk(ast.parse(text)) if "Protocol" in text else ()
        classes = {node.name: node for node in tree if isinstance(node, ast.ClassDef)}
        for name, node in classes.items():
            if "Protocol" in named(node.bases):
                found[f"{path.relative_to(root)}:{name}"] = members(node, classes)
    return found


def named(bases: list[ast.expr]) -> set[str]:
    """What classes are derived from, without parameters and modules."""
    plain = [base.value if isinstance(base, ast.Subscript) else base for base in bases]
    return {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in plain}


def members(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> set[str]:
    """The methods and attributes of a class and of those in its file that it is derived from; a base from elsewhere counts as three."""
    own = {part.name for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))}
    own |= {
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    for base in named(node.bases) - {"Protocol", "Generic"}:
        own |= members(classes[base], classes) if base in classes else {f"{base} {number}" for number in range(3)}
    return own


def test_a_joint_has_one_or_two_methods():
    """What one room asks of another fits into one or two questions, attributes among them; whoever asks more asks a class."""
    found = {name: sorted(asked) for name, asked in protocols(ROOT).items() if not 1 <= len(asked) <= 2}

    assert found.keys() == WIDER.keys()


@pytest.mark.parametrize(
    "text",
    [
        "class Three(Protocol):\n    a: int\n    def b(self): ...\n    async def c(self): ...",
        "class One(Protocol[T]):\n    a: int\n    b: int\nclass Three(One, typing.Protocol):\n    c: int",
        "class Three(Elsewhere, Protocol):\n    c: int",
    ],
)
def test_a_joint_that_is_too_wide_is_found_however_it_is_written(text, tmp_path):
    """Methods, attributes and what is inherited count alike."""
    (tmp_path / "planted.py").write_text(text)

    assert len(protocols(tmp_path)["planted.py:Three"]) > 2
