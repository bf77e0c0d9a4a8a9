"""`fournines admin`: what an operator does with a collector's data while it runs."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest


def admin(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fournines", "admin", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.long
def test_a_running_collector_is_copied_and_both_are_sound(collector, running, make_spans, tmp_path):
    """The copy of a running ledger holds what was acknowledged before, and a collector goes on from it."""
    copy = tmp_path / "restored" / "ledger.db"
    copy.parent.mkdir()
    with running(collector):
        assert 200 == collector.post("traces", make_spans("payments", [200] * 7 + [500] * 2)).status_code
        copied, again = admin("backup", "--data", collector.data, copy), admin("backup", "--data", collector.data, copy)
        checked = admin("verify", "--data", collector.data)

    assert (0, 1) == (copied.returncode, again.returncode), copied.stderr
    assert "is there already" in again.stderr
    assert 0 == checked.returncode, checked.stderr
    assert "is sound: 4 SLOs" in admin("verify", copy).stdout
    collector.data = copy.parent
    with running(collector):
        assert (7, 9) == collector.events("payments-availability")


def test_a_damaged_ledger_is_told_by_verify_and_set_aside_by_serve(collector, running, make_spans):
    """A collector with a damaged ledger comes up, says so on the page, and leaves every byte of the old one."""
    collector.data.mkdir()
    (collector.data / "ledger.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)

    assert 1 == admin("verify", "--data", collector.data).returncode
    with running(collector):
        page = httpx.get(collector.url, trust_env=False).text
        assert 200 == collector.post("traces", make_spans("payments", [200])).status_code

    (aside,) = collector.data.glob("ledger.db.damaged-*")
    assert 5016 == aside.stat().st_size
    assert aside.name in page


def test_a_warmed_folder_is_said_and_used(tmp_path, decoders):
    """`warmup` says where the decoders are; what is there already is not compiled again."""
    done = admin("warmup", "--data", tmp_path)

    assert 0 == done.returncode, done.stderr
    assert "the decoders are in" in done.stdout
    assert "compiling" not in done.stdout
