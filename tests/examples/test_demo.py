"""Laws of the demo as a whole: what it returns, and that it leaves nothing behind however it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fournines.examples.fintech_edge import judge
from fournines.examples.fintech_edge.demo import Acts, run

# a demo of two services whose collector is a stand-in that answers everything and counts nothing
MUTE = """
import sys
from pathlib import Path
from fournines.examples.fintech_edge import acts, artefacts, bank, demo
from fournines.examples.fintech_edge.bank import COLLECTOR, Bank

COLLECTOR_PROGRAM = '''
import http.server, os, sys
class Mute(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if sys.argv[2] == "dies" and self.path == "/api/v1/slos":
            print("the disk is gone", flush=True)
            os._exit(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"slos": []}')
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Mute).serve_forever()
'''

def command(self):
    return [sys.executable, "-c", COLLECTOR_PROGRAM, self.url(COLLECTOR).rpartition(":")[2], sys.argv[2]]

Bank._serve_command = command
bank.NAMES = acts.NAMES = demo.NAMES = ("gateway", "payments")
acts.SETTLE_SECONDS = 0.5
seconds = float(sys.argv[3])
lengths = demo.Acts(healthy=seconds, outage=seconds, recovery=seconds)
if __name__ == "__main__":
    demo.build = lambda slos, folder: artefacts.Artefacts(folder)
    demo.prepare = lambda console, folder: folder  # a stand-in has nothing to decode
    sys.exit(demo.run(Path(sys.argv[1]), acts=lengths, rps=20.0, keep=sys.argv[4:] == ["keep"]))
"""


def start(out, how="lives", seconds=30.0, *more):
    """A demo with a mute collector, as a process; telemetry switched off."""
    command = [sys.executable, "-c", MUTE, str(out), how, str(seconds), *more]
    env = {**os.environ, "OTEL_SDK_DISABLED": "true", "TMPDIR": str(out)}  # kill -9 leaves its folder behind
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)


def left_over(out):
    """The processes that still work with this demo's folder (their log is open) and are no zombies."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(out) in str((process / "fd" / "1").readlink()):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_for(stream, words):
    """Reads lines until one has these words."""
    for line in stream:
        if words in line:
            return
    pytest.fail(f"the demo never said {words!r}")


def assert_nothing_left(out):
    """Every process of the demo is gone, at the latest when their own 20 s to finish are over."""
    deadline = time.monotonic() + 20
    while (left := left_over(out)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [] == left


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")


@linux
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_in_good_order(tmp_path, number, code):
    """Ctrl-C, SIGTERM and a closed terminal end the demo with 128 + their number, and every part of it."""
    with start(tmp_path) as demo:
        wait_for(demo.stdout, "All is well")
        assert 3 == len(left_over(tmp_path))
        demo.send_signal(number)
        said = demo.stdout.read()

    assert code == demo.returncode, said
    assert "nothing of it runs any more" in said
    assert [] == left_over(tmp_path)


@linux
def test_even_killed_it_leaves_nothing(tmp_path):
    """After kill -9 of the demo its parts end by themselves."""
    with start(tmp_path) as demo:
        wait_for(demo.stdout, "All is well")
        demo.kill()

    assert_nothing_left(tmp_path)


@linux
def test_a_part_that_dies_ends_the_demo(tmp_path):
    """A collector that goes away in the middle is told with its last words; exit code 1, nothing left."""
    with start(tmp_path, "dies") as demo:
        said = demo.stdout.read()

    assert 1 == demo.returncode, said
    assert re.search(r"(?s)collector ended by itself with exit code 3.*the disk is gone", said)
    assert [] == left_over(tmp_path)
    assert not (tmp_path / "summary.json").exists()


@linux
def test_a_collector_that_counts_nothing_does_not_pass(tmp_path):
    """With nothing in the ledger the demo runs to its end, says what did not hold, and returns 1."""
    (tmp_path / "summary.json").write_text('{"passed": true}')

    with start(tmp_path, "lives", 1.0) as demo:
        said = demo.stdout.read()

    assert 1 == demo.returncode, said
    assert "checks did not hold." in said
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["passed"] is False
    gateway = summary["counts"]["gateway"]
    assert gateway["customers"]["statuses"] == gateway["own_counter"]["statuses"] != {}
    assert gateway["ledger"] is None
    assert [] == left_over(tmp_path)


@linux
def test_kept_it_stays_until_ctrl_c(tmp_path):
    """With `keep` everything still runs after the summary, and Ctrl-C returns the verdict."""
    with start(tmp_path, "lives", 0.5, "keep") as demo:
        wait_for(demo.stdout, "Ctrl-C ends it")
        assert 3 == len(left_over(tmp_path))
        demo.send_signal(signal.SIGINT)
        demo.stdout.read()

    assert 1 == demo.returncode
    assert [] == left_over(tmp_path)


def test_a_folder_that_can_not_be_written_is_told(tmp_path, capfd):
    """Before anything starts: a folder that can't be there ends the demo with a sentence and 1."""
    (tmp_path / "file").touch()

    assert 1 == run(tmp_path / "file" / "out")
    assert "can't write to" in capfd.readouterr().out


@pytest.mark.long
@pytest.mark.timeout(300)
def test_every_claim_holds(tmp_path, capfd):
    """The demo as users run it: exit code 0, and the summary says that all held."""
    assert 0 == run(tmp_path), capfd.readouterr().out
    assert json.loads((tmp_path / "summary.json").read_text())["passed"] is True


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_page_is_taken_back(tmp_path, capfd):
    """With `full` the page for the gateway resolves once its windows have forgotten the outage."""
    assert 0 == run(tmp_path, full=True, rps=10.0), capfd.readouterr().out


@pytest.mark.timeout(300)
def test_a_short_outage_is_counted_and_paged(root, tmp_path, capfd, monkeypatch):
    """The same in half a minute: every request in the ledger, a page, the gateway burning; and it says what the quickstart quotes."""
    # Beside other tests the machine decides how soon; the promised seconds are asked for where the demo runs alone.
    monkeypatch.setattr(judge, "PAGE_LIMIT_SECONDS", 60.0)
    acts = Acts(healthy=4.0, outage=16.0, recovery=2.0)

    code = run(tmp_path, acts=acts, rps=20.0)

    said = capfd.readouterr().out
    assert 0 == code, said
    quoted = re.search(r"\$ make demo\n(.*?)```", (root / "docs" / "quickstart.md").read_text(), re.DOTALL)[1]
    lines = quoted.replace("50 customers", "20 customers").splitlines()
    assert lines == [line for line in said.splitlines() if line in lines]
