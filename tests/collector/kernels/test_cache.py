"""Laws of the compiled kernels' folder: whole or not there, made once, made anew where it is broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fournines.collector.errors import CollectorError
from fournines.collector.kernels import cache, warm_up

LOAD = """
import sys
from pathlib import Path
from fournines.collector.kernels import load_decoders
from fournines.collector.columns import Wanted
decoders = load_decoders(Path(sys.argv[1]), print)
print(len(decoders.spans(b"\\x0a\\x06\\x12\\x04\\x12\\x00\\x12\\x00", Wanted(frozenset(), frozenset())).kind))
"""


@pytest.fixture
def compiling(monkeypatch):
    """Replaces compiling, which takes long, by writing a file; says how often it happened."""
    times = []

    def compile_into(made):
        times.append(made)
        (made / "of.a.kernel").write_bytes(b"compiled")

    monkeypatch.setattr(cache, "_compile", compile_into)
    return times


def loaded(folder, before=""):
    """What another process says that loads the decoders."""
    command = [sys.executable, "-c", before + LOAD, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_filled_folder_is_read_and_not_compiled(decoders, tmp_path):
    """What the tests compiled serves another process, and nothing is said."""
    child = loaded(Path(os.environ["FOURNINES_KERNELS"]))

    assert ("2\n", "") == (child.stdout, child.stderr)


def test_an_empty_folder_is_filled_once_and_said_so(compiling, tmp_path):
    """The first start says what takes so long, the second has nothing to say."""
    said = []
    warm_up(tmp_path / "kernels", said.append)
    warm_up(tmp_path / "kernels", said.append)

    assert (1, 1) == (len(compiling), len(said))
    assert said[0].startswith("compiling the decoders, once")


@pytest.mark.parametrize("harm", ["changed", "cut", "removed", "added", "list"])
def test_a_broken_folder_is_made_anew(harm, compiling, tmp_path):
    """A byte that changed, a file that is gone or one too many: no kernel of such a folder is ever run."""
    warm_up(tmp_path)
    kernel = next(tmp_path.rglob("of.a.kernel"))
    match harm:
        case "changed":
            kernel.write_bytes(b"compilef")
        case "cut":
            kernel.write_bytes(b"")
        case "removed":
            kernel.unlink()
        case "added":
            (kernel.parent / "another").touch()
        case _:
            (kernel.parent / "kernels.json").write_text("{")
    warm_up(tmp_path)

    assert (2, b"compiled") == (len(compiling), kernel.read_bytes())


def test_another_version_has_another_folder(compiling, tmp_path, monkeypatch):
    """What was compiled of other sources, by another Python or for another processor is left alone."""
    warm_up(tmp_path)
    monkeypatch.setattr(sys, "version", "another one")
    warm_up(tmp_path)

    assert 2 == len(list(tmp_path.rglob("of.a.kernel")))


def test_what_nobody_used_for_a_month_is_removed(compiling, tmp_path, monkeypatch):
    """A new version removes old ones that were not used for 30 days, and what was left half-made; others and strangers it leaves alone."""
    folders = []
    for version in ("unused", "used again", "used lately"):
        monkeypatch.setattr(sys, "version", version)
        folders.append(cache.prepare(tmp_path, print))
    for folder, days in zip(folders, (31, 31, 29), strict=True):
        then = folder.stat().st_mtime - days * 86_400
        os.utime(folder, (then, then))
    for name in ("making-x", "strangers"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    for version in ("used again", "new"):
        monkeypatch.setattr(sys, "version", version)
        new = cache.prepare(tmp_path, print)

    assert {*folders[1:], new, tmp_path / "strangers", tmp_path / "lock"} == set(tmp_path.iterdir())
    assert 4 == len(compiling)


def test_a_folder_that_cannot_be_written_is_told_in_words(compiling, tmp_path):
    """The error names the folder, the reason and the setting."""
    (tmp_path / "file").touch()

    with pytest.raises(CollectorError, match=r"file.*FOURNINES_KERNELS.*admin warmup"):
        warm_up(tmp_path / "file")


def test_what_the_compiler_says_is_told(tmp_path, monkeypatch):
    """A child that fails leaves nothing behind but its words."""
    monkeypatch.setattr(cache, "MODULES", (("no_such_module",),))

    with pytest.raises(CollectorError, match="no_such_module"):
        warm_up(tmp_path)
    assert ["lock"] == [path.name for path in tmp_path.iterdir()]


def test_a_filled_folder_that_cannot_be_written_is_copied(compiling, tmp_path, monkeypatch):
    """Numba takes no cache that it can't write, such as an image's: this process gets a copy of it."""
    warm_up(tmp_path / "image")
    monkeypatch.setattr(cache, "_can_write", lambda _: False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = cache.prepare(tmp_path / "image", print)

    assert (1, tmp_path) == (len(compiling), kept.parent)
    assert b"compiled" == (kept / "of.a.kernel").read_bytes()


def test_two_at_once_compile_once(compiling, tmp_path):
    """The second waits for the first, and finds what it made."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(warm_up, [tmp_path] * 4))

    assert 1 == len(compiling)
    shutil.rmtree(tmp_path)


def test_all_kernels_are_compiled_before_they_are_needed():
    """Every module that holds kernels is one of those that are compiled, or imported by one: compiled later, it spoils the folder."""
    folder = Path(cache.__file__).parent
    sources = {path.stem: path.read_text() for path in folder.glob("*.py")}
    reached, waiting = set(), [name for child in cache.MODULES for name in child]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += re.findall(r"^from \.(\w+) import", sources[name], re.MULTILINE)

    assert {name for name, text in sources.items() if "\n@kernel(" in text} <= reached
