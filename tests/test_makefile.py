"""The words a contributor says work on a fresh machine, or say what is missing."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORDS = ("demo", "test", "test-long", "lint", "bench", "mutation", "architecture", "style", "clean")
SCRIPTS = sorted([*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run"])


@pytest.fixture
def house(tmp_path) -> Path:
    """A checkout with nothing but the scripts in it."""
    shutil.copytree(ROOT / "scripts", tmp_path / "house" / "scripts")
    return tmp_path / "house"


@pytest.fixture
def machine(tmp_path) -> Path:
    """The only folder on PATH: a machine with no more than the plain tools, and nobody is root there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("bash", "dirname", "env", "mkdir", "mktemp", "rm", "tail"):
        (folder / tool).symlink_to(shutil.which(tool))
    program(folder / "id", "echo 1000")
    return folder


def program(path: Path, body: str) -> None:
    """A little program of the given name."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(script: str, house: Path, machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("bash"), f"scripts/{script}"],
        cwd=house,
        env={"PATH": str(machine)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("word", WORDS)
def test_make_knows_the_word(word):
    """Each word is a target, and `make help` says what it does."""
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert re.search(rf"^make {word}  +\w", said.stdout, re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_executable_and_parses(script):
    """Every script of the house can be run by its name."""
    assert script.stat().st_mode & stat.S_IXUSR
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_ci_says_only_the_house_s_words():
    """CI does what a contributor can do: three words, nothing of its own."""
    lines = (ROOT / ".ci" / "run").read_text().splitlines()

    assert [line for line in lines if line.startswith("make ")] == ["make lint", "make test", "make test-long"]
    assert not [line for line in lines if re.match(r"\s*(pip|apt|python|pytest|ruff|mypy)", line)]


def test_constraints_are_names_and_versions():
    """What CI ran with, one package a line: no addresses, and not the package itself."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []
    assert lines == sorted(lines, key=str.lower)
    assert not [line for line in lines if line.startswith("fournines")]


def test_an_old_python_is_named_and_refused(house, machine):
    """With nothing but an old Python there, the message says which is needed and how to name another."""
    program(machine / "python3", 'test "$1" = --version && echo Python 3.9.2; exit 1')

    done = run("venv", house, machine)

    assert done.returncode == 1
    assert "needs Python 3.11 or newer; python3 here is: Python 3.9.2" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_a_chosen_old_python_is_not_replaced_behind_the_user_s_back(house, machine):
    """PYTHON=... means that one: if it is too old it is refused, though a newer one stands beside it."""
    program(machine / "python3", "exit 0")
    program(machine / "old", 'test "$1" = --version && echo Python 3.8.1; exit 1')

    done = run("venv", house, machine, PYTHON="old")

    assert done.returncode == 1
    assert "PYTHON=old is not Python 3.11 or newer: Python 3.8.1" in done.stderr


def test_a_split_off_venv_is_named(house, machine):
    """Debian's python3 without its venv package: who is not root is told the package's name."""
    program(machine / "python3", 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.13-venv;; esac')

    done = run("venv", house, machine)

    assert done.returncode == 1
    assert "install the package python3.13-venv" in done.stderr


def test_a_split_off_venv_is_installed_by_root(house, machine):
    """Root need not be told: the package is installed and the environment made."""
    program(machine / "id", "echo 0")
    program(machine / "apt-get", 'echo "$@" >>"$0.said"')
    program(machine / "python3", 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.13-venv;; esac')

    done = run("venv", house, machine)

    assert done.returncode == 0, done.stderr
    assert "python3.13-venv" in (machine / "apt-get.said").read_text()


def test_a_good_environment_is_left_alone(house, machine):
    """A second `make` does not make the environment anew."""
    (house / ".venv" / "bin").mkdir(parents=True)
    program(house / ".venv" / "bin" / "python", "exit 0")

    done = run("venv", house, machine)

    assert (done.returncode, done.stdout) == (0, "")


def test_without_apt_the_servers_are_somebody_else_s_matter(house, machine):
    """Where there is no apt-get, fetching servers is no error: the tests that need one say so themselves."""
    done = run("servers", house, machine)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_failed_download_says_what_could_not_be_fetched(house, machine):
    """No network: a line names the package and apt's reason, and the tests go on."""
    program(machine / "apt-get", "echo E: Could not resolve the mirror >&2; exit 100")
    program(machine / "dpkg-deb", "exit 1")

    done = run("servers", house, machine)

    assert done.returncode == 0
    assert "Debian's prometheus could not be fetched: E: Could not resolve the mirror" in done.stdout


def test_make_needs_no_variable_of_ours():
    """`make -n` of every word plans without an error in an empty environment."""
    for word in WORDS:
        subprocess.run(
            ["make", "-n", word], cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, check=True
        )
