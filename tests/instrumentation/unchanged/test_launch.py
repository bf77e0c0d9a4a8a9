"""The command as it is run: its environment, its place, and what is said where it can't be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.unchanged import CannotRun, launch
from fournines.instrumentation.unchanged.launch import STARTUP

PATH = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def program(folder, name, text, mode=0o755):
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "fournines", "instrument", *words],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_command_takes_the_process_s_place():
    """Its pid is the one that was started, its words are its own, options and all, and its exit code is the answer."""
    told = "import os, sys; print(os.getpid(), sys.argv[1:], os.environ['OTEL_SERVICE_NAME']); sys.exit(41)"
    command = [
        sys.executable,
        "-m",
        "fournines",
        "instrument",
        "--service",
        "shop",
        "python",
        "-c",
        told,
        "--version",
        "-h",
    ]
    child = subprocess.Popen(command, env={**os.environ, **PATH}, stdout=subprocess.PIPE, text=True)
    said, _ = child.communicate(timeout=60)

    assert said == f"{child.pid} ['--version', '-h'] shop\n"
    assert child.returncode == 41


def test_a_command_that_is_not_there_is_127():
    """As in a shell; and the line says so."""
    done = run("--", "no-such-program", "--port", "1")

    assert (done.returncode, done.stderr) == (127, "fournines: no-such-program: command not found\n")


def test_what_is_no_program_is_126(tmp_path):
    """A file that may not be executed, or that no system can execute."""
    with pytest.raises(CannotRun, match="no program") as found:
        launch([program(tmp_path, "notes", "buy milk", mode=0o644)], {})
    ready = launch([program(tmp_path, "odd", "\0\1\2 no format")], {})
    with pytest.raises(CannotRun, match="can't be run") as refused:
        ready.run()

    assert (found.value.code, refused.value.code) == (126, 126)


def test_a_program_beside_this_python_is_found_without_a_path():
    """An environment that is not activated still has its uvicorn."""
    assert launch(["uvicorn"], {"PATH": "/nowhere"}).program == str(Path(sys.executable).with_name("uvicorn"))


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, STARTUP), ("", STARTUP), ("/a:/b", f"{STARTUP}:/a:/b"), (f"/a:{STARTUP}", f"{STARTUP}:/a"), (":/a", f"{STARTUP}::/a")],
)  # fmt: skip
def test_our_folder_is_first_and_once(before, after):
    """Nothing of `PYTHONPATH` is lost, and no empty part, which would be the working directory, is added."""
    environ = PATH if before is None else {**PATH, "PYTHONPATH": before}

    assert launch(["python"], environ).environment["PYTHONPATH"] == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, {"service.version": "1,2=3 ü"}),
        ("team=a", {"team": "a", "service.version": "1,2=3 ü"}),
        ("service.version=old,team=a", {"team": "a", "service.version": "1,2=3 ü"}),
        (" team=a, service.version = old ", {"team": "a", "service.version": "1,2=3 ü"}),
        ("my.service.version=x", {"my.service.version": "x", "service.version": "1,2=3 ü"}),
    ],
)
def test_the_version_arrives_as_it_was_said(before, after):
    """Whatever characters it has, it is read as it was given, once; other attributes stay."""
    environ = {**PATH, **({} if before is None else {"OTEL_RESOURCE_ATTRIBUTES": before})}
    environment = launch(["python"], environ, version="1,2=3 ü").environment
    attributes = read_config(environ=environment).attributes

    assert {key: attributes[key] for key in after} == after
    assert environment["OTEL_RESOURCE_ATTRIBUTES"].count("service.version=") == 1 + ("my." in (before or ""))


def test_what_would_surprise_is_said(tmp_path):
    """A program that is no Python, and a service without a name; of what starts programs nothing is said."""
    shell = program(tmp_path, "entry.sh", "#!/bin/sh\nexec uvicorn\n")
    installed = program(tmp_path, "uvicorn", "#!/bin/sh\n'''exec' /a/very/long/path/bin/python \"$0\" \"$@\"\n' '''\n")
    direct = program(tmp_path, "serve", f"#!{sys.executable}\n")
    named = {**PATH, "OTEL_RESOURCE_ATTRIBUTES": "service.name=shop"}

    assert launch([shell], named).notes == (
        "entry.sh is no Python program: only what Python it starts is instrumented",
    )
    assert launch(["python"], PATH).notes == ("the service has no name: say --service NAME, or OTEL_SERVICE_NAME",)
    assert [launch([word], named).notes for word in (installed, direct, "python", "sh", "env")] == [()] * 5
