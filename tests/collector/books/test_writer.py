"""Laws of the groups that are committed together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

import pytest

from fournines.collector.books.writer import LINGER, FakeItem, Writer

ENOUGH = 10.0


class Group:
    """The sizes of what was committed together, and a gate that holds a commit up."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self.staging = threading.Event()


class One(FakeItem):
    """It waits for the group's gate; `then` follows when it is durable."""

    def __init__(self, group: Group, then: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.group = group
        self.then = then

    @classmethod
    def stage_all(cls, books: Any, items: Sequence[One]) -> None:
        del books
        group = items[0].group
        group.staging.set()
        assert group.gate.wait(ENOUGH)
        group.sizes.append(len(items))

    def settled(self, error: Exception | None) -> None:
        if error is not None:
            raise error
        self.then()


class Books:
    """Books in which nothing changes."""

    changed = False

    class counters:  # noqa: N801 - as the attribute is named
        class commit_seconds:  # noqa: N801 - as above
            observe = staticmethod(lambda seconds: None)

    def leave(self, *, probe: bool) -> None:
        del probe


@pytest.fixture
def slept(monkeypatch):
    """Every sleep of the writer, which takes no time; `meanwhile` is what comes during the sleeps."""
    sleeps: list[float] = []
    meanwhile: list[Callable[[], None]] = []

    def pause(_: Writer, seconds: float) -> None:
        sleeps.append(seconds)
        if meanwhile:
            meanwhile.pop(0)()

    monkeypatch.setattr(Writer, "_pause", pause)
    return sleeps, meanwhile


def test_those_who_were_answered_together_are_waited_for_and_committed_together_again(slept):
    """Who sends one request after the other meets the others again, however little later they come."""
    _, meanwhile = slept
    group = Group()
    writer = Writer(Books(), lambda: None, lambda: 0.0)

    def again() -> None:
        meanwhile.extend([lambda: None, lambda: writer.submit(One(group))])
        writer.submit(One(group))

    done = threading.Event()
    writer.submit(One(group))
    assert group.staging.wait(ENOUGH)
    writer.submit(One(group, then=again))
    writer.submit(One(group, then=done.set))
    group.gate.set()
    assert done.wait(ENOUGH)
    writer.close()
    assert group.sizes == [1, 2, 2]


def test_who_sends_alone_waits_for_nobody(slept):
    """One request after the other is committed as it comes."""
    sleeps, _ = slept
    group = Group()
    group.gate.set()
    writer = Writer(Books(), lambda: None, lambda: 0.0)
    for _ in repeat(None, 5):
        done = threading.Event()
        writer.submit(One(group, then=done.set))
        assert done.wait(ENOUGH)
    writer.close()
    assert group.sizes == [1] * 5
    assert not sleeps


def test_nobody_is_waited_for_long(slept):
    """Those who do not come again are given up after the time that is due, and whoever comes later than that waits for nobody."""
    sleeps, _ = slept
    group = Group()
    now = [0.0]
    writer = Writer(Books(), lambda: None, lambda: now[0])
    one, two = threading.Event(), threading.Event()
    writer.submit(One(group))
    assert group.staging.wait(ENOUGH)
    writer.submit(One(group))

    def once_more() -> None:
        sleeps.clear()
        writer.submit(One(group, then=one.set))

    writer.submit(One(group, then=once_more))
    group.gate.set()
    assert one.wait(ENOUGH)
    assert 0 < sum(sleeps) <= LINGER + 1e-9
    sleeps.clear()
    now[0] = ENOUGH
    writer.submit(One(group, then=two.set))
    assert two.wait(ENOUGH)
    writer.close()
    assert group.sizes == [1, 2, 1, 1]
    assert not sleeps


def test_a_full_group_waits_for_nobody(slept):
    """Whoever is expected on top of it could not come along; nor does who closes wait for those that can't come any more."""
    sleeps, _ = slept
    group = Group()
    group.gate.set()
    writer = Writer(Books(), lambda: None, lambda: 0.0)
    many = threading.Event()

    class Slow(One):
        """While it is staged as many come as a group holds, and more."""

        @classmethod
        def stage_all(cls, books: Any, items: Sequence[One]) -> None:
            for _ in repeat(None, 300):
                writer.submit(One(group))
            writer.submit(One(group, then=many.set))

    writer.submit(Slow(group))
    assert many.wait(ENOUGH)
    writer.close()

    assert group.sizes == [256, 45]
    assert not sleeps
