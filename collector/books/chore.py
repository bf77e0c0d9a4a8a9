"""Work that changes the books besides requests: scrapes and remote write counted, SLOs declared, the passing of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from .books import Books

R = TypeVar("R")


def _nothing(_: object) -> None:
    """What is done with most results."""


class Chore(Generic[R]):
    """Stages `work` on the writing thread; its future holds what that gave once it is durable, or raises why it is not.

    `durable` is given the result before the future is, and also where nobody waits for that any more.
    """

    def __init__(self, work: Callable[[Books], R], durable: Callable[[R], None] = _nothing) -> None:
        self.future: Future[R] = Future()
        self.future.set_running_or_notify_cancel()
        self._work = work
        self._durable = durable
        self._result: R

    @classmethod
    def stage_all(cls, books: Books, items: Sequence[Chore[R]]) -> None:
        """Does the work of each."""
        for item in items:
            item.stage(books)

    def stage(self, books: Books) -> None:
        """Does the work."""
        self._result = self._work(books)

    def settled(self, error: Exception | None) -> None:
        """It is durable, or was for nothing."""
        if error is not None:
            self.future.set_exception(error)
            return
        self._durable(self._result)
        self.future.set_result(self._result)
