"""One attempt of one notifier, whatever it does wrong."""

from __future__ import annotations

import asyncio
from typing import Final

from .notification import Notification
from .notifier import Attempt, Notifier, Outcome

LONGEST_SEND_SECONDS: Final = 30.0
"""A notifier that takes longer is left, so that what follows and its fallback do not wait for it."""


async def sent(way: Notifier, notification: Notification, now: float, reference: str | None = None) -> Attempt:
    """What it answers; something to be tried again where it raises, or answers nothing in time."""
    try:
        async with asyncio.timeout(LONGEST_SEND_SECONDS):
            return await way.send(notification, now, reference)
    except TimeoutError:
        return Attempt(Outcome.RETRY, f"no answer within {LONGEST_SEND_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001 - its text may hold a secret, and the page stays where it is
        return Attempt(Outcome.RETRY, f"its notifier failed: {type(error).__name__}")
