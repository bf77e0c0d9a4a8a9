"""Giving a command an environment in which it runs instrumented, and this process's place."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import quote

from .. import names

STARTUP: Final = str(Path(__file__).with_name("startup"))
"""The folder that every Python of the command finds first."""
NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
"""Exit codes as shells have them."""

STARTERS: Final = frozenset(
    {"env", "sh", "bash", "dash", "zsh", "ash", "busybox", "uv", "poetry", "pdm", "pipenv", "hatch", "pixi", "conda", "tini",
     "dumb-init", "catatonit", "gosu", "su-exec", "setpriv", "sudo", "chpst", "nice", "timeout", "nohup", "make", "just"}
)  # fmt: skip
"""Programs that are no Python, and are there to start others."""

_PYTHON = re.compile(r"(?:^|/)(?:python|pypy)[0-9.]*[a-z]?(?:\s|$)")
_VERSION = re.compile(rf"(?:^|,)\s*{re.escape(names.SERVICE_VERSION)}\s*=[^,]*")


class CannotRun(Exception):
    """The command can't be run. `code` is what a shell would exit with: 127 where it is not found, 126 where it is no program."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Launch:
    """A command, made ready: its program's file, its words, its environment, and what its caller ought to know."""

    program: str
    words: tuple[str, ...]
    environment: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def run(self) -> NoReturn:
        """Takes this process's place: its pid, signals, streams and exit code are the command's from now on.

        Raises `CannotRun` where the system refuses the program.
        """
        try:
            os.execve(self.program, self.words, dict(self.environment))  # noqa: S606 - running it is what was asked for
        except OSError as e:
            raise CannotRun(f"{self.program} can't be run: {e.strerror or e}", NOT_EXECUTABLE) from e


def launch(
    words: Sequence[str], environ: Mapping[str, str], *, service: str | None = None, version: str | None = None
) -> Launch:
    """The command as it is to run, with the service's name and version in its environment where they are given.

    Its program is looked for on `PATH`, then beside this Python. Raises `CannotRun`.
    """
    program = _program(words[0], environ.get("PATH"))
    environment = {**environ, "PYTHONPATH": _with_startup(environ.get("PYTHONPATH", ""))}
    if service:
        environment["OTEL_SERVICE_NAME"] = service
    if version:
        environment["OTEL_RESOURCE_ATTRIBUTES"] = _with_version(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""), version)
    return Launch(program, tuple(words), environment, tuple(_notes(program, environment)))


def _program(word: str, path: str | None) -> str:
    found = shutil.which(word, path=path)
    if found is None and os.sep not in word:
        found = shutil.which(word, path=os.path.dirname(sys.executable))  # noqa: PTH120 - a link is not to be followed
    if found is not None:
        return found
    if os.sep in word and Path(word).exists():
        raise CannotRun(f"{word} is no program that may be run", NOT_EXECUTABLE)
    raise CannotRun(f"{word}: command not found", NOT_FOUND)


def _with_startup(path: str) -> str:
    """`PYTHONPATH` with our folder first. An empty part would stand for the working directory, so none is added."""
    others = (part for part in path.split(os.pathsep) if part != STARTUP) if path else ()
    return os.pathsep.join([STARTUP, *others])


def _with_version(attributes: str, version: str) -> str:
    others = _VERSION.sub("", attributes).strip(",").strip()
    said = f"{names.SERVICE_VERSION}={quote(version)}"
    return f"{others},{said}" if others else said


def _notes(program: str, environment: Mapping[str, str]) -> list[str]:
    """What will surprise whoever does not hear it."""
    notes = []
    name = os.path.basename(program)  # noqa: PTH119 - as it is called, not as it is named at the end of a link
    if name not in STARTERS and not _is_python(program):
        notes.append(f"{name} is no Python program: only what Python it starts is instrumented")
    named = environment.get("OTEL_SERVICE_NAME") or f"{names.SERVICE_NAME}=" in environment.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    if not named:
        notes.append("the service has no name: say --service NAME, or OTEL_SERVICE_NAME")
    return notes


def _is_python(program: str) -> bool:
    """Whether a file is a Python, or is run by one."""
    if _PYTHON.search(program) or _PYTHON.search(os.path.realpath(program)):
        return True
    try:
        with open(program, "rb") as file:  # noqa: PTH123 - a few hundred bytes of it
            head = file.read(400)
    except OSError:  # it may be run, but not read: nobody knows
        return True
    # Installers write `#!/bin/sh` and `exec .../python` where the path to Python is too long for a first line.
    return head[:2] == b"#!" and b"python" in head
