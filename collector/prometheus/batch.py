"""Work of the receivers here for the writing thread: done within the next transaction, and answered once that is durable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from ..books.books import Books
from ..books.writer import Item
from ..counters import Counters
from ..rejections import Outcome

R = TypeVar("R")

Submit = Callable[[Item], None]
"""Has an item committed with whatever else there is; see `Writer.submit`."""

Work = Callable[[Books], tuple[Outcome, R]]
"""Stages changes; says what became of what was sent, and what whoever sent it is told."""


class Batch(Generic[R]):
    """One piece of work; `future` holds its result once it is durable, or raises Unavailable."""

    size = 0

    def __init__(self, work: Work[R], counters: Counters) -> None:
        self.future: Future[R] = Future()
        # Whoever waits may go; what was sent is counted all the same.
        self.future.set_running_or_notify_cancel()
        self._work = work
        self._counters = counters
        self._done: tuple[Outcome, R] | None = None

    @classmethod
    def stage_all(cls, books: Books, items: Sequence[Batch[R]]) -> None:
        """Does the work of each."""
        for item in items:
            item.stage(books)

    def stage(self, books: Books) -> None:
        """Does the work."""
        self._done = self._work(books)

    def done(self) -> None:
        """Counts what was done, and tells it."""
        assert self._done is not None, "staged before"
        outcome, result = self._done
        outcome.count(self._counters)
        self.future.set_result(result)

    def failed(self, error: Exception) -> None:
        """Tells that nothing was done."""
        self.future.set_exception(error)
