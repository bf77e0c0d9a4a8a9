"""A `fournines serve` in a process of its own, and what can be asked of it: its memory, its counts."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]
SERVICE = "attacked"


class Served:
    """A running collector."""

    def __init__(self, process, page, http, grpc, xray):
        self.process, self.page, self.http, self.grpc, self.xray = process, page, http, grpc, xray

    def megabytes(self, line="VmHWM"):
        """Its highest resident memory so far; that of now as `VmRSS`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{line}:\s+(\d+)", status)[1]) / 1024

    def get(self, path):
        """What it answers."""
        return httpx.get(f"http://127.0.0.1:{self.page}{path}", trust_env=False, timeout=60)

    def metric(self, name):
        """The sum of a metric's samples."""
        found = re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", self.get("/metrics").text, re.MULTILINE)
        return int(sum(map(float, found)))

    def settled(self):
        """Items counted, or rejected in the answer to their request, but for the one of the bystander."""
        return self.metric("fournines_items_accepted_total") + self.metric("fournines_items_rejected_total") - 1

    def events(self):
        """What the attacked service's automatic SLO counted."""
        answer = self.get(f"/api/v1/slos/{SERVICE}-availability")
        return int(answer.json()["events"]["total"]) if answer.is_success else 0


@contextlib.contextmanager
def serving():
    """A fresh collector on free ports; it is ended with the block."""
    with tempfile.TemporaryDirectory(prefix="fournines-attack-") as folder, tempfile.TemporaryFile() as log:
        page, http, grpc, xray = free_ports(4)
        options = ("--port", page, "--otlp-http-port", http, "--otlp-grpc-port", grpc, "--xray-port", xray)
        process = subprocess.Popen(
            [sys.executable, "-m", "fournines", "serve", "--data", f"{folder}/data", *map(str, options)],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={"FOURNINES_KERNELS": str(ROOT / ".tools" / "kernels")} | os.environ,
        )
        served = Served(process, page, http, grpc, xray)
        try:
            _wait(served, log)
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()


def _wait(served, log):
    deadline = time.monotonic() + 180
    while served.process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if served.get("/readyz").is_success:
                return
        time.sleep(0.1)
    log.seek(0)
    raise SystemExit(f"the collector did not start:\n{log.read()[-3000:].decode(errors='replace')}")


def free_ports(count):
    """Ports nobody listens on."""
    with contextlib.ExitStack() as taken:
        listeners = [taken.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]
