"""Laws of starting and stopping: together, in time, and nothing left behind."""

import asyncio
import socket
import sys
import time
from pathlib import Path

import httpx
import pytest

from fournines.examples.fintech_edge import bank as bank_module
from fournines.examples.fintech_edge.bank import COLLECTOR, NAMES, Bank, PartError, environment

READY = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""


def alive(pid):
    """Whether the process is still there, as anything but a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def new_bank(tmp_path, monkeypatch):
    """A bank whose collector is the given command, and which has the named services only."""

    def make(command, names=()):
        monkeypatch.setattr(bank_module, "NAMES", names)
        monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
        made = Bank(tmp_path, tmp_path / "logs", "http://127.0.0.1:1/")
        words = [sys.executable, *command, made.url(COLLECTOR).rpartition(":")[2]]
        monkeypatch.setattr(made, "_serve_command", lambda: words)
        return made

    return make


def test_the_whole_bank_comes_and_goes(new_bank):
    """All parts get ready; after the block not one process is left, and each service left its count."""
    with new_bank(["-c", READY], NAMES) as bank:
        asyncio.run(bank.ready())
        bank.check()
        with httpx.Client(trust_env=False) as http:
            assert 200 == http.get(f"{bank.url('gateway')}/users/1").status_code
        pids = bank.processes()
        assert {*NAMES, COLLECTOR} == set(pids)

        bank.stop_services()

        assert [COLLECTOR] == [name for name, pid in pids.items() if alive(pid)]
        tallies = bank.tallies()
    assert not any(alive(pid) for pid in pids.values())
    assert {"gateway": 1, "users": 1} == {name: tally.good for name, tally in tallies.items() if tally.good}


def test_a_part_that_ends_is_told_with_its_last_words(new_bank):
    """A collector that does not start is a PartError with its exit code and the end of its log; nothing stays."""
    bank = new_bank(["-c", "print('boom'); raise SystemExit(3)"])
    with pytest.raises(PartError, match=r"(?s)collector ended by itself with exit code 3.*boom"), bank:
        asyncio.run(bank.ready())


def test_a_part_that_does_not_answer_is_told(new_bank):
    """A part that runs without getting ready is a PartError once its time is over."""
    with new_bank(["-c", "import time; time.sleep(60)"]) as bank:
        pid = bank.processes()[COLLECTOR]
        with pytest.raises(PartError, match=r"(?s)collector did not get ready in time.*wrote nothing"):
            asyncio.run(bank.ready(seconds=0.0))
    assert not alive(pid)


def test_a_taken_port_is_told(new_bank):
    """A service whose port somebody else took says so in the message."""
    bank = new_bank(["-c", READY], ("users",))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(bank.url("users").rpartition(":")[2])))
        taken.listen()
        with pytest.raises(PartError, match=r"(?s)users ended by itself.*address already in use"), bank:
            asyncio.run(bank.ready())


def test_who_does_not_stop_is_killed(new_bank, monkeypatch):
    """A part deaf to SIGTERM, and what it started, is gone after the deadline."""
    monkeypatch.setattr(bank_module, "STOP_SECONDS", 0.2)
    deaf = "import signal, subprocess; signal.signal(signal.SIGTERM, signal.SIG_IGN); p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"  # noqa: E501 - one program
    with new_bank(["-c", deaf]) as bank:
        pid, log = bank.processes()[COLLECTOR], bank._parts[COLLECTOR].log
        while not log.read_text().endswith("\n"):
            time.sleep(0.01)
    child = int(log.read_text())

    deadline = time.monotonic() + 10  # the kernel hands an orphan on before it is quite gone
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(pid)
    assert not alive(child)


def test_a_service_that_left_no_count_is_told(new_bank):
    """Without its file a service's count is a PartError, not a zero."""
    with new_bank(["-c", READY], ("users",)) as bank:
        bank.processes()
        bank._parts["users"].process.kill()
        bank.stop_services()

        with pytest.raises(PartError, match="users ended without writing its own count"):
            bank.tallies()


def test_telemetry_goes_to_this_collector_and_nowhere_else(monkeypatch):
    """What the surroundings say about telemetry or proxies does not reach the bank."""
    for name in ("OTEL_EXPORTER_OTLP_HEADERS", "FOURNINES_PORT", "http_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "elsewhere")

    made = environment("http://127.0.0.1:4318")

    assert "http://127.0.0.1:4318" == made["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert "elsewhere" not in made.values()
    assert "PATH" in made
