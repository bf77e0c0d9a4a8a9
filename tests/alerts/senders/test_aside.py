"""Attempts that block: nobody but their sender waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

import pytest

from fournines.alerts import DELIVERED, Outcome
from fournines.alerts.senders import MailNotifier, MailServer
from fournines.alerts.senders.aside import MOST_AT_ONCE, Aside


def test_a_mail_server_that_hangs_takes_no_thread_that_others_need(incident):
    """Eight pages to a server that accepts and says nothing: evaluations, on the threads that all share, go on."""

    async def main():
        with socket.create_server(("127.0.0.1", 0)) as silent:
            notifier = MailNotifier(
                MailServer("127.0.0.1", silent.getsockname()[1], "none"), "a@b.example", ["c@d.example"]
            )
            sends = [asyncio.create_task(notifier.send(incident(), 1.0)) for _ in range(8)]
            await asyncio.sleep(0)
            assert 8 == sum(thread.daemon for thread in threading.enumerate() if thread.name == "fournines-sender")
            assert not [thread for thread in threading.enumerate() if thread.name.startswith("asyncio_")]
            for send in sends:
                send.cancel()
            await asyncio.gather(*sends, return_exceptions=True)

    asyncio.run(main())


def test_what_hangs_is_bounded():
    """So many threads and no more; what is over makes room."""

    async def main():
        aside, over = Aside(), threading.Event()
        hanging = [asyncio.create_task(aside.attempt(lambda: over.wait(60) and DELIVERED)) for _ in range(MOST_AT_ONCE)]
        await asyncio.sleep(0)
        refused = await aside.attempt(lambda: DELIVERED)
        assert (Outcome.RETRY, "16 attempts before it have no answer yet") == (refused.outcome, refused.reason)
        over.set()
        assert [DELIVERED] * MOST_AT_ONCE == await asyncio.gather(*hanging)
        assert DELIVERED == await aside.attempt(lambda: DELIVERED)

    asyncio.run(main())


def test_who_stops_waiting_and_what_fails_leave_room():
    """An attempt that was left goes on to its end; one that raises says so to who waits."""

    async def main():
        aside, over = Aside(), threading.Event()
        for _ in range(MOST_AT_ONCE):
            left = asyncio.create_task(aside.attempt(lambda: over.wait(60) and DELIVERED))
            await asyncio.sleep(0)
            left.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await left
        assert Outcome.RETRY is (await aside.attempt(lambda: DELIVERED)).outcome
        over.set()
        while (await aside.attempt(lambda: DELIVERED)) != DELIVERED:  # noqa: ASYNC110 - threads say nothing when they end
            await asyncio.sleep(0.01)
        for _ in range(MOST_AT_ONCE + 1):
            with pytest.raises(ZeroDivisionError):
                await aside.attempt(lambda: 1 // 0)

    asyncio.run(main())
