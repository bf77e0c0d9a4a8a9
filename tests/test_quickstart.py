"""docs/quickstart.md is followed as it stands: its files are written, its commands typed, and what it says they answer they answer."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

PORTS = {"8400": "PORT", "4318": "OTLP_HTTP_PORT", "4317": "OTLP_GRPC_PORT", "2000": "XRAY_PORT", "8000": ""}
"""The ports of the page, and what the collector's variables call them."""
PROGRAMS = ("fournines serve", "uvicorn")
"""What goes on in a terminal of its own."""
SET_UP = ("make demo", ". .venv/bin/activate")
"""What a checkout is needed for. What the demo says is held against the page where the demo runs: tests/examples/test_demo.py."""
WAIT_SECONDS = 90.0


class Block(NamedTuple):
    """A fenced block of the page: its language, the file that the prose before it names, and its lines."""

    language: str
    file: str
    lines: list[str]


class Step(NamedTuple):
    """What is typed, and the lines that answer it."""

    typed: str
    answer: list[str]


def blocks(text: str) -> list[Block]:
    """The page's blocks, in its order."""
    found = []
    for before, language, body in re.findall(r"([^\n]*\n)\n```(\w+)\n(.*?)```", text, re.DOTALL):
        named = re.findall(r"`([\w/]+\.\w+)`", before)
        found.append(Block(language, named[-1] if named else "", body.splitlines()))
    assert 2 * len(found) == text.count("```")
    return found


def steps(lines: list[str]) -> Iterator[Step]:
    """What a terminal shows, cut where somebody types."""
    for typed, answer in re.findall(r"^(\$ .*|\^C)(.*(?:\n(?!\$ |\^C).*)*)", "\n".join(lines), re.MULTILINE):
        yield Step(typed.removeprefix("$ "), answer.splitlines() if typed == "^C" else answer.splitlines()[1:])


def timeless(text: str) -> str:
    """A log without its moments."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "<when>", text)


class Newcomer:
    """Three terminals in a folder: one for the collector, one for the service, one for everything else."""

    def __init__(self, folder: Path, ports: Mapping[str, int]) -> None:
        own = {name: value for name, value in os.environ.items() if not re.match("OTEL_|FOURNINES_.*PORT", name)}
        self._environment = own | {
            **{f"FOURNINES_{name}": str(ports[port]) for port, name in PORTS.items() if name},
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{ports['4318']}",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}",
        }
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def follow(self, block: Block) -> None:
        """Does what the block says, and sees that it is answered as the block says."""
        if block.language == "console":
            for step in steps(block.lines):
                self._type(step)
        elif block.language == "text":
            self._wait_for(block.lines, *self._running)
        else:
            path = self._folder / block.file
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(block.lines) + "\n")

    def leave(self) -> None:
        """Closes the terminals."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(30)

    def _type(self, step: Step) -> None:
        program = next((name for name in PROGRAMS if step.typed.startswith(name)), "")
        if step.typed == "^C":
            self._running["fournines serve"].send_signal(signal.SIGINT)
            assert 0 == self._running["fournines serve"].wait(30)
            self._wait_for(step.answer, "fournines serve")
        elif program:
            self._start(program, step)
        elif step.typed not in SET_UP:
            self._ask(step)

    def _start(self, program: str, step: Step) -> None:
        with self._log(program).open("wb") as sink:
            self._running[program] = subprocess.Popen(
                step.typed.split(), cwd=self._folder, env=self._environment, stdout=sink, stderr=subprocess.STDOUT
            )
        self._wait_for(step.answer or ["Uvicorn running on"], program)

    def _ask(self, step: Step) -> None:
        """Types a command. What `curl` asks is asked again until it is answered as it should be: counts arrive in their own time."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (said := self._said(step.typed)) != step.answer and "/metrics" in step.typed:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert step.answer == said, self._logs()

    def _said(self, typed: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", typed], cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )
        return (done.stdout + done.stderr).splitlines()

    def _wait_for(self, lines: list[str], *programs: str) -> None:
        """Returns once the programs have logged all of the lines."""
        deadline = time.monotonic() + WAIT_SECONDS
        while missing := [line for line in lines if timeless(line) not in timeless(self._logs(*programs))]:
            assert time.monotonic() < deadline, f"{missing} is not in:\n{self._logs()}"
            time.sleep(0.1)

    def _logs(self, *programs: str) -> str:
        return "\n".join(self._log(program).read_text() for program in programs or self._running)

    def _log(self, program: str) -> Path:
        return self._folder / f"{program.split(maxsplit=1)[0]}.log"


@pytest.mark.long
def test_it_works_as_it_stands(root, tmp_path, free_port, decoders):
    """From the first file to the page of an outage: each command is answered as the page says, to the last count."""
    ports = {port: free_port() for port in PORTS}
    page = (root / "docs" / "quickstart.md").read_text()
    newcomer = Newcomer(tmp_path, ports)
    try:
        for block in blocks(re.sub(rf"\b({'|'.join(PORTS)})\b", lambda found: str(ports[found[0]]), page)):
            newcomer.follow(block)
    finally:
        newcomer.leave()
