"""What users get: the wheel holds the package, all of it, and nothing else that stands in the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import fournines

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
DATA_FOLDERS = {"static", "templates", "slos"}
NOT_OURS = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "PYTHONPATH")


def tracked_and_new() -> list[Path]:
    """What a checkout holds and git does not ignore, relative to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


def ships(path: Path) -> bool:
    """Whether a file of the checkout belongs into the package."""
    if path == Path("py.typed") or (len(path.parts) == 1 and path.suffix == ".py"):
        return True
    return path.parts[0] in FOLDERS and (path.suffix == ".py" or path.parent.name in DATA_FOLDERS)


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a program that must succeed, out of the tests' own measuring; the failure shows what it said."""
    env = {key: value for key, value in os.environ.items() if key not in NOT_OURS} | environment
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of the checkout so that no earlier build's leavings are in it."""
    source = tmp_path_factory.mktemp("source")
    for path in tracked_and_new():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, source / path, follow_symlinks=False)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source, cwd=source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def content(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def test_the_wheel_installs_one_name(content):
    """Nothing but `fournines` and its metadata lands in site-packages: no bare `alerts`, no bare `slo`."""
    assert {name.split("/")[0] for name in content} == {"fournines", f"fournines-{fournines.__version__}.dist-info"}


def test_the_wheel_holds_the_package_whole_and_nothing_else(content):
    """Every module, template, static file and SLO file of the rooms is in; tests, scripts and benchmarks are not."""
    in_package = {name.removeprefix("fournines/") for name in content if name.startswith("fournines/")}

    assert in_package == {path.as_posix() for path in tracked_and_new() if ships(path)}


def test_the_wheel_s_root_holds_only_the_modules_of_the_plan(content):
    """A stray module in the checkout's root would ship; none does."""
    stems = {Path(name).stem for name in content if name.count("/") == 1 and name.endswith(".py")}

    assert stems <= ROOT_MODULES


def test_the_wheel_is_typed_and_licensed(content):
    """Type checkers of users believe the package, and its licence travels with it."""
    assert "fournines/py.typed" in content
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in content)


def test_the_installed_wheel_works_away_from_the_checkout(wheel, tmp_path):
    """Imported and run from the wheel's own files, the package says its version."""
    place = tmp_path / "site"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        place,
        wheel,
        cwd=tmp_path,
    )
    env = {"PYTHONPATH": str(place), "PYTHONSAFEPATH": "1"}

    rooms = ", ".join(f"fournines.{folder}" for folder in FOLDERS)
    where = run(sys.executable, "-c", f"import {rooms}; print(fournines.__file__)", cwd=tmp_path, **env)
    said = run(sys.executable, "-m", "fournines", "--version", cwd=tmp_path, **env)

    assert Path(where.stdout.strip()).is_relative_to(place)
    assert fournines.__version__ in said.stdout


@pytest.mark.long
def test_the_base_install_instruments_and_says_what_more_to_install(wheel, tmp_path):
    """In a clean environment the wheel alone imports the instrumentation, without the collector's packages; its commands
    say which extra they need. Needs the package index.
    """
    place = tmp_path / "clean"
    run(sys.executable, "-m", "venv", place, cwd=tmp_path)
    python = place / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)

    run(python, "-c", "from fournines.instrumentation import instrument", cwd=tmp_path)
    said = run(python, "-m", "fournines", "--version", cwd=tmp_path)
    listed = run(python, "-m", "pip", "list", "--format=freeze", cwd=tmp_path)
    serve = subprocess.run(
        [python, "-m", "fournines", "serve"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert fournines.__version__ in said.stdout
    assert not {"numpy", "grpcio", "fastapi", "uvicorn"} & {line.split("==")[0] for line in listed.stdout.splitlines()}
    assert serve.returncode != 0
    assert "fournines[collector]" in serve.stdout + serve.stderr
