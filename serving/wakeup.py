"""A call that a job of the event loop waits for, and that may come from any thread."""

from __future__ import annotations

import asyncio
import contextlib


class Wakeup:
    """Calls while nobody waits are kept, as one. Before `listen`, and once the loop ended, there is nobody to wake."""

    def __init__(self) -> None:
        self._called = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self) -> None:
        """From now on calls are heard, in the running loop."""
        self._loop = asyncio.get_running_loop()

    def call(self) -> None:
        """Wakes who waits."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._called.set)

    async def wait(self, seconds: float) -> None:
        """Returns when called, or when the time is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._called.wait(), seconds)
        self._called.clear()
