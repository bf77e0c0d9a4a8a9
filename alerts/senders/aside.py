"""Sending that blocks, on threads of its own: those that all the collector shares are few, and a server that hangs would hold up its
evaluations, and its end.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from ..notifier import Attempt, Outcome

MOST_AT_ONCE: Final = 16


class Aside:
    """The attempts of one sender, each on a thread that no end of the process waits for."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)

    async def attempt(self, work: Callable[[], Attempt]) -> Attempt:
        """What `work` answers or raises. Where as many attempts as there may be still hang, it is not begun, and to be tried again."""
        if not self._free.acquire(blocking=False):
            return Attempt(Outcome.RETRY, f"{MOST_AT_ONCE} attempts before it have no answer yet")
        answer: Future[Attempt] = Future()
        answer.set_running_or_notify_cancel()  # whoever waits may stop to: the attempt goes on
        threading.Thread(target=self._work, args=(work, answer), name="fournines-sender", daemon=True).start()
        return await asyncio.wrap_future(answer)

    def _work(self, work: Callable[[], Attempt], answer: Future[Attempt]) -> None:
        try:
            attempt = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            answer.set_exception(error)
        else:
            answer.set_result(attempt)
        finally:
            self._free.release()
