"""The servers the other tests talk to: real ones, surely ended; a missing one is named, and in CI it is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ALERTMANAGER_CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def is_alive(pid: int) -> bool:
    """Whether a process of that number is there."""
    return Path(f"/proc/{pid}").exists()


def test_a_real_prometheus_runs_and_ends(prometheus_binary, free_port, run_server, tmp_path):
    """The server answers in the block, and its process is gone after it."""
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1s}\n")
    port = free_port()
    command = [
        prometheus_binary,
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]

    with run_server(command, f"http://127.0.0.1:{port}/-/ready") as server:
        assert is_alive(server.pid)

    assert not is_alive(server.pid)
    assert "Server is ready" in server.output()


def test_a_real_alertmanager_runs_and_ends(alertmanager_binary, free_port, run_server, tmp_path):
    """Alertmanager too, with its template where it looks for it."""
    config = tmp_path / "alertmanager.yml"
    config.write_text(ALERTMANAGER_CONFIG)
    port = free_port()
    command = [
        alertmanager_binary,
        f"--config.file={config}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]

    with run_server(command, f"http://127.0.0.1:{port}/-/ready") as server:
        assert is_alive(server.pid)

    assert not is_alive(server.pid)


def test_the_judges_of_files_run(promtool_binary, amtool_binary):
    """Both can be asked."""
    for judge in (promtool_binary, amtool_binary):
        assert subprocess.run([judge, "--version"], capture_output=True, check=False).returncode == 0


def test_a_server_that_ends_at_once_shows_what_it_said(run_server):
    """The failure carries the server's last words instead of a time-out."""
    with (
        pytest.raises(pytest.fail.Exception, match=r"it ended with 3 .*(?s:.*)the port is taken"),
        run_server(["sh", "-c", "echo the port is taken; exit 3"], "http://127.0.0.1:9/"),
    ):
        pass


def test_a_server_that_never_answers_is_ended(run_server, tmp_path):
    """It is not waited for longer than asked, and it does not outlive the test."""
    note = tmp_path / "pid"
    with (
        pytest.raises(pytest.fail.Exception, match="did not answer 200"),
        run_server(["sh", "-c", f"echo $$ >{note}; exec sleep 600"], "http://127.0.0.1:9/", timeout=0.5),
    ):
        pass

    assert not is_alive(int(note.read_text()))


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_a_missing_server_is_skipped_with_a_line_and_fails_in_ci(ci, outcome, tmp_path):
    """The line names the server and how to get it; with CI=true nothing may be skipped."""
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_one.py").write_text("def test_one(prometheus_binary): pass\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_PROCESS", "PYTEST"))}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rsE", "--rootdir", tmp_path, tmp_path / "tests"],
        cwd=tmp_path,
        env=env | {"CI": ci, "PATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome in done.stdout.splitlines()[-1]
    assert "prometheus is not here: `make test` fetches Debian's package `prometheus`" in done.stdout
