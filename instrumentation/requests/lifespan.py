"""The server's word that it starts and stops, heard on its way to the application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from .asgi import App, Message, Receive, Scope, Send

ENDED: Final = frozenset({"lifespan.shutdown.complete", "lifespan.shutdown.failed"})


async def watched(
    app: App, scope: Scope, receive: Receive, send: Send, started: Callable[[], None], ended: Callable[[], object]
) -> None:
    """Runs the application's lifespan; calls `started` when it begins and `ended` before its end is reported.

    An application that does not know lifespans (it raises, or returns, before it asked for a message) gets one that does
    nothing.
    """
    heard = False

    async def listening() -> Message:
        nonlocal heard
        heard = True
        message = await receive()
        if message["type"] == "lifespan.startup":
            started()
        return message

    async def telling(message: Message) -> None:
        if message["type"] in ENDED:
            await aside(ended)
        await send(message)

    try:
        await app(scope, listening, telling)
    except Exception:
        if heard:
            raise
    if not heard:
        await _alone(listening, telling)


async def aside(call: Callable[[], object]) -> None:
    """Runs a call that may wait for the network off the event loop; on it, where there is no asyncio loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        call()
        return
    await loop.run_in_executor(None, call)


async def _alone(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
