"""What the watch remembers."""

from __future__ import annotations

import logging
import resource

import pytest

from fournines.alerts.watch import Memory
from fournines.alerts.watch.memory import SIZE


@pytest.fixture
def path(tmp_path):
    return tmp_path / "watch.json"


def test_what_is_kept_is_there_after_a_restart(path):
    """The last of it, whatever was longer before."""
    memory = Memory(path)
    memory.keep({"ledger": {"summary": "x" * 500}})
    memory.keep({"ledger": {"summary": "ü"}})
    memory.close()

    assert {"ledger": {"summary": "ü"}} == Memory(path).recall()


def test_there_is_nothing_to_remember_at_first(path):
    """A new file is an empty memory."""
    assert {} == Memory(path).recall()


def test_a_full_disk_can_be_remembered(path):
    """Its block is there from the beginning: what is kept needs no room that is not there."""
    memory = Memory(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, hard))
    try:
        memory.keep({"ledger": {"since": 1}})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert {"ledger": {"since": 1}} == memory.recall()
    assert SIZE == path.stat().st_size


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"1"])
def test_a_damaged_memory_is_empty(path, content):
    """Whoever watches goes on without."""
    path.write_bytes(content.ljust(SIZE))

    assert {} == Memory(path).recall()


def test_a_folder_that_is_gone_is_said_once(tmp_path, caplog):
    """In the log, and nothing fails."""
    with caplog.at_level(logging.WARNING):
        memory = Memory(tmp_path / "gone" / "watch.json")
        memory.keep({"a": 1})

    assert {} == memory.recall()
    assert 1 == len(caplog.records)
    memory.close()
