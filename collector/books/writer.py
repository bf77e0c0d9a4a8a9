"""The one thread that changes the books: what is there is staged together, committed once, and only then acknowledged.

While a commit goes on the next group gathers, so a busy collector pays few commits and an idle one waits for none. A commit that
fails leaves nothing behind; everything in it is refused and comes again.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final, Protocol, Self

from ..errors import Unavailable
from .books import Books

MOST_IN_A_GROUP: Final = 256
MOST_BYTES: Final = 4 * 2**20
"""What a group holds at most, but that its last item may be larger: it is decoded and counted at once."""

LINGER: Final = 0.02
STEPS: Final = 20
"""Seconds after a commit that those are waited for who are expected, in so many looks: one commit costs the same for many."""

RETRY_AFTER: Final = 1

_LOG: Final = logging.getLogger("fournines.collector")


class Item(Protocol):
    """Something that changes the books. Once submitted it is told, once, what became of it."""

    @classmethod
    def stage_all(cls, books: Books, items: Sequence[Self]) -> None:
        """Stages the changes of items of its kind that were submitted one after the other."""
        ...

    def settled(self, error: Exception | None) -> None:
        """Its changes are durable (None); or nothing of it is kept: Unavailable for the ledger, else a fault of its own."""
        ...


class FakeItem:
    """Changes nothing, and keeps in `became` what it was told."""

    def __init__(self) -> None:
        self.became: list[Exception | None] = []

    @classmethod
    def stage_all(cls, books: Books, items: Sequence[Self]) -> None:
        """Stages nothing."""

    def settled(self, error: Exception | None) -> None:
        """Keeps it."""
        self.became.append(error)


Submit = Callable[[Item], None]
"""Has an item committed with whatever else there is; see `Writer.submit`."""


class Writer:
    """Commits items in groups, in the order submitted. `healthy` is False from a failed commit until one succeeds.

    `on_commit` is called after each commit by which any SLO got events, on the writing thread. `stopwatch` measures commits, and how
    long those are waited for who are expected.
    """

    def __init__(self, books: Books, on_commit: Callable[[], None], stopwatch: Callable[[], float]) -> None:
        self._books = books
        self._on_commit = on_commit
        self._stopwatch = stopwatch
        self._queue: queue.SimpleQueue[tuple[Item, int] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._enough = False
        self._expected = 0
        self._until = 0.0
        self.healthy = True
        self._thread = threading.Thread(target=self._write, name="fournines-ledger", daemon=True)
        self._thread.start()

    def submit(self, item: Item, size: int = 0) -> None:
        """Has an item of so many bytes committed; once closed, it fails as Unavailable."""
        with self._lock:
            if not self._closed.is_set():
                self._queue.put((item, size))
                return
        item.settled(Unavailable("the collector is closing", RETRY_AFTER))

    def close(self) -> None:
        """Returns once everything submitted before is committed."""
        with self._lock:
            self._closed.set()
            self._queue.put(None)
        self._thread.join()

    def _write(self) -> None:
        going = True
        while going:
            group, going = self._gather()
            if group:
                self._commit(group)

    def _gather(self) -> tuple[list[Item], bool]:
        """What is there, at least one item and at most a group; and whether there will be more."""
        group: list[Item] = []
        size = 0
        submitted = self._queue.get()
        self._linger()
        while submitted is not None:
            group.append(submitted[0])
            size += submitted[1]
            full = len(group) == MOST_IN_A_GROUP or size >= MOST_BYTES
            if full or self._queue.empty():
                self._enough = full
                return group, True
            submitted = self._queue.get()
        return group, False

    def _expect(self, answered: int) -> None:
        """Who is answered comes again, and meets those who came meanwhile; who sends alone waits for nobody."""
        self._expected = 0 if self._enough else min(answered + self._queue.qsize(), MOST_IN_A_GROUP)
        self._until = self._stopwatch() + LINGER

    def _linger(self) -> None:
        """Lets those come who are expected: as many as were answered last, and those who came during that commit; at most a group."""
        for _ in range(STEPS):
            come = self._queue.qsize() + 1 >= self._expected
            if come or self._closed.is_set() or self._stopwatch() >= self._until:
                return
            self._pause(LINGER / STEPS)

    def _pause(self, seconds: float) -> None:
        self._closed.wait(seconds)

    def _commit(self, group: list[Item]) -> None:
        try:
            for _, alike in groupby(group, type):
                items = list(alike)
                items[0].stage_all(self._books, items)
            got_events = self._make_durable()
        except (sqlite3.IntegrityError, sqlite3.DataError) as error:
            self._isolate(group, error)
        except sqlite3.Error as error:
            self._refuse(group, error)
        except Exception as error:  # noqa: BLE001 - whatever one item does must not end the thread that serves all
            self._isolate(group, error)
        else:
            self._recovered()
            self._expect(len(group))
            for item in group:
                item.settled(None)
            if got_events:
                self._tell()

    def _make_durable(self) -> bool:
        """Whether any SLO got events."""
        began, got_events = self._stopwatch(), False
        if self._books.changed:
            got_events = self._books.commit()
        else:
            self._books.leave(probe=not self.healthy)
        self._books.counters.commit_seconds.observe(self._stopwatch() - began)
        return got_events

    def _isolate(self, group: list[Item], error: Exception) -> None:
        """A fault in a group: each item alone, so that one can't take the others down."""
        self._books.forget()
        if len(group) > 1:
            for item in group:
                self._commit([item])
            return
        self._books.counters.internal_errors.inc()
        _LOG.error("a request could not be counted", exc_info=error)
        group[0].settled(error)

    def _refuse(self, group: list[Item], error: sqlite3.Error) -> None:
        self._books.forget()
        self._books.counters.commit_failures.inc()
        self._books.counters.healthy.set(0)
        if self.healthy:
            _LOG.error(
                "the ledger %s can't be written: %s; senders are asked to come again", self._books.ledger.path, error
            )
        self.healthy = False
        for item in group:
            item.settled(Unavailable(f"the ledger can't be written now: {error}", RETRY_AFTER))

    def _recovered(self) -> None:
        if not self.healthy:
            self.healthy = True
            self._books.counters.healthy.set(1)
            _LOG.warning("the ledger %s can be written again", self._books.ledger.path)

    def _tell(self) -> None:
        try:
            self._on_commit()
        except Exception:  # noqa: BLE001 - what others do after a commit is no reason to commit no more
            self._books.counters.internal_errors.inc()
            _LOG.exception("what follows a commit failed")
