"""Bank: the collector and the seven services, each a process; started together, stopped together, none left behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from . import leash
from .kernels import VARIABLE
from .ports import free_ports
from .tally import Count

__all__ = ["COLLECTOR", "NAMES", "SLOS", "Bank", "PartError"]

COLLECTOR = "collector"
NAMES = ("gateway", "users", "accounts", "transactions", "payments", "notifications", "analytics")
SLOS = Path(__file__).parent / "slos"

START_SECONDS = 60.0  # of a busy machine; who dies is seen at once
STOP_SECONDS = 15.0
TAIL_LINES = 15


class PartError(Exception):
    """A part of the bank did not start in time, or ended by itself; the message ends with the tail of its log."""


@dataclass(frozen=True)
class BankProcess:
    """One running process: where it says that it is ready, and where it writes its log."""

    name: str
    process: subprocess.Popen[bytes]
    ready_url: str
    log: Path

    def check(self) -> None:
        """Raises PartError when the process has ended."""
        code = self.process.poll()
        if code is not None:
            raise self.error(f"ended by itself with exit code {code}")

    def error(self, what: str) -> PartError:
        """A PartError that says `what` happened, with the tail of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        tail = "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"
        return PartError(f"{self.name} {what}. The end of its log ({self.log}):\n{tail}")


class Bank:
    """The example bank on free loopback ports, its stores and ledger under `data`, its logs under `logs`.

    `kernels` is where the collector's compiled decoders are; with its ledger where that is not said.

    A context manager: on the way out, whatever the reason, everything it started has ended.
    """

    def __init__(self, data: Path, logs: Path, webhook: str, slos: Path = SLOS, kernels: Path | None = None) -> None:
        ports = free_ports(len(NAMES) + 3)
        self._ports = dict(zip((*NAMES, COLLECTOR, "otlp-http", "otlp-grpc"), ports, strict=True))
        self._data, self._logs, self._webhook, self._slos = data, logs, webhook, slos
        self._kernels = kernels or data / "kernels"
        self._parts: dict[str, BankProcess] = {}
        self._running: set[str] = set()

    def __enter__(self) -> Self:
        """Starts every process at once; `ready` waits for them."""
        self._logs.mkdir(parents=True, exist_ok=True)
        try:
            self._start(COLLECTOR, self._serve_command(), "/readyz")
            for name in NAMES:
                self._start(name, self._service_command(name), "/healthz")
        except BaseException:
            self._stop(self._parts)
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stops everything that still runs: the services first, so that the collector hears their good-byes."""
        try:
            self.stop_services()
        finally:
            self._stop(self._parts)

    def url(self, name: str) -> str:
        """Where a service (or the collector's pages) can be reached."""
        return f"http://127.0.0.1:{self._ports[name]}"

    def processes(self) -> dict[str, int]:
        """The process id of every part."""
        return {name: part.process.pid for name, part in self._parts.items()}

    async def ready(self, seconds: float = START_SECONDS) -> None:
        """Returns once every part answers; PartError if one ends or needs more than `seconds`."""
        deadline = time.monotonic() + seconds
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as http:
            await asyncio.gather(*(answers(http, part, deadline) for part in self._parts.values()))

    def check(self) -> None:
        """Raises PartError if a part that should run has ended by itself."""
        for name in sorted(self._running):
            self._parts[name].check()

    def error(self, name: str, what: str) -> PartError:
        """A PartError about a part, with the end of its log."""
        return self._parts[name].error(what)

    def stop_services(self) -> None:
        """Asks the services to finish, flush and say good-bye, and waits until they did; the collector stays."""
        self._stop(NAMES)

    def tallies(self) -> dict[str, Count]:
        """What each service counted itself; only after `stop_services`. PartError for one that left no count."""
        return {name: self._tally(self._parts[name]) for name in NAMES}

    def _tally(self, part: BankProcess) -> Count:
        try:
            return Count.from_json((self._data / f"{part.name}.tally.json").read_text())
        except (OSError, ValueError) as error:
            raise part.error("ended without writing its own count") from error

    def _serve_command(self) -> list[str]:
        ports = ["--port", COLLECTOR, "--otlp-http-port", "otlp-http", "--otlp-grpc-port", "otlp-grpc"]
        words = [str(self._ports.get(word, word)) for word in ports]
        serve = [sys.executable, "-m", "fournines", "serve", "--host", "127.0.0.1", "--xray-port", "0", *words]
        return [*serve, "--data", str(self._data / "ledger"), "--slos", str(self._slos), "--webhook", self._webhook]

    def _service_command(self, name: str) -> list[str]:
        peers = [f"--peer={peer}={self.url(peer)}" for peer in NAMES if peer != name]
        module = [sys.executable, "-m", f"{__package__}.services", name]
        return [*module, "--port", str(self._ports[name]), "--data", str(self._data), *peers]

    def _start(self, name: str, command: Sequence[str], ready: str) -> None:
        log = self._logs / f"{name}.log"
        leashed = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command]
        with log.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                leashed,
                cwd=self._data,
                env={**environment(self.url("otlp-http")), VARIABLE: str(self._kernels)},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._parts[name] = BankProcess(name, process, self.url(name) + ready, log)
        self._running.add(name)

    def _stop(self, names: Iterable[str]) -> None:
        stopping = [self._parts[name] for name in names if name in self._running]
        deadline = time.monotonic() + STOP_SECONDS
        for part in stopping:
            if part.process.poll() is None:
                part.process.terminate()
        try:
            for part in stopping:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    part.process.wait(max(0.0, deadline - time.monotonic()))
        finally:  # an impatient second Ctrl-C must leave nothing behind either
            for part in stopping:
                kill_group(part.process)
                self._running.discard(part.name)


async def answers(http: httpx.AsyncClient, part: BankProcess, deadline: float) -> None:
    """Returns once the part is ready; PartError when it ended, or is not at `deadline` (monotonic seconds)."""
    while True:
        part.check()
        try:
            if (await http.get(part.ready_url)).is_success:
                return
        except httpx.TransportError:
            pass  # not listening yet
        if time.monotonic() > deadline:
            raise part.error("did not get ready in time")
        await asyncio.sleep(0.1)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and whatever it started that is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def environment(otlp: str) -> dict[str, str]:
    """Ours, without what could send the telemetry elsewhere, and with where the collector is."""
    foreign = ("OTEL_", "FOURNINES_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(foreign) and not name.lower().endswith("_proxy")
    }
    return {**kept, "OTEL_EXPORTER_OTLP_ENDPOINT": otlp}
