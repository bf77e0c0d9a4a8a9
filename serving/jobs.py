"""The jobs of a running collector: all of them go on until somebody says stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

_log: Final = logging.getLogger("fournines")


async def first_ended(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> BaseException | None:
    """Waits until `stop` is set; returns the fault of a task that ended before, which none ever should."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done - {stopping}:
        _log.critical("%s ended", task.get_name(), exc_info=task.exception())
        return task.exception() or RuntimeError(f"{task.get_name()} ended")
    return None


async def cancelled(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Ends them, and returns once they have."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
