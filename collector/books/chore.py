"""Work that changes the books besides requests: SLOs declared, the passing of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from .books import Books


class Chore:
    """Stages `work` on the writing thread; its future is done once that is durable, or raises why it is not."""

    size = 0

    def __init__(self, work: Callable[[Books], None]) -> None:
        self.work = work
        self.future: Future[None] = Future()
        self.future.set_running_or_notify_cancel()

    @classmethod
    def stage_all(cls, books: Books, items: Sequence[Chore]) -> None:
        """Does the work of each."""
        for item in items:
            item.work(books)

    def done(self) -> None:
        """It is durable."""
        self.future.set_result(None)

    def failed(self, error: Exception) -> None:
        """It was for nothing."""
        self.future.set_exception(error)
