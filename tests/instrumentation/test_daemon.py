"""A thread of ours: started, told to end, begun anew."""

from __future__ import annotations

import threading

import pytest

from fournines.instrumentation import names
from fournines.instrumentation.daemon import Daemon
from fournines.instrumentation.health import Health


@pytest.fixture
def health():
    return Health()


def test_it_works_until_it_is_told_to_end_and_can_be_started_again(health):
    """One thread at a time: starting what runs starts nothing, and what was told to end makes room for the next."""
    begun = []

    def run(ended):
        begun.append(threading.current_thread())
        ended.wait()

    daemon = Daemon("fournines-test", run, health)
    assert daemon.start()
    assert daemon.start()
    first = daemon.part()
    assert daemon.start()
    daemon.stop(20)
    first.join(20)

    assert [thread.is_alive() for thread in begun] == [False, False]
    assert [thread.name for thread in begun] == ["fournines-test"] * 2
    assert all(thread.daemon for thread in begun)
    assert daemon.part() is None


def test_a_system_without_threads_is_counted_and_asked_again(health, monkeypatch):
    """Nobody is hurt, and a later start finds what the system has by then."""

    def refused(thread):
        raise RuntimeError("can't start new thread")

    daemon = Daemon("fournines-test", lambda ended: ended.wait(), health)
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", refused)
        assert not daemon.start()

    assert health.count(names.PROM_ERRORS, "start") == 1
    assert daemon.start()
    daemon.stop(20)


def test_it_may_stop_itself(health):
    """A thread that is told to end by what it does itself does not wait for itself."""
    stopped = threading.Event()

    def run(ended):
        daemon.stop(20)
        assert ended.is_set()
        stopped.set()

    daemon = Daemon("fournines-test", run, health)
    daemon.start()

    assert stopped.wait(20)


def test_a_child_starts_its_own(health):
    """What is forgotten is no longer there: a forked child does not wait for a thread that it does not have."""
    daemon = Daemon("fournines-test", lambda ended: ended.wait(), health)
    daemon.start()
    (thread,) = (one for one in threading.enumerate() if one.name == "fournines-test")
    theirs = daemon._ended
    daemon.forget()

    assert daemon.part() is None
    assert thread.is_alive()
    theirs.set()
    thread.join(20)
