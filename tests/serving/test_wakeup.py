"""A call that a job waits for."""

import asyncio
import threading

from fournines.serving import Wakeup

LONG = 60.0


def test_a_call_from_another_thread_is_heard_once():
    """Calls while nobody waits are kept, as one; the next wait takes its time."""

    async def hear():
        wakeup = Wakeup()
        wakeup.listen()
        for _ in range(3):
            thread = threading.Thread(target=wakeup.call)
            thread.start()
            thread.join()
        await wakeup.wait(LONG)
        second = asyncio.create_task(wakeup.wait(LONG))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not second.done()
        wakeup.call()
        await second

    asyncio.run(hear())


def test_time_wakes_too():
    """Nobody has to call."""
    asyncio.run(Wakeup().wait(0.0))


def test_before_and_after_the_loop_there_is_nobody_to_wake():
    """A commit before the start and one while stopping hurt nobody."""

    async def listen():
        wakeup.listen()

    wakeup = Wakeup()
    wakeup.call()
    asyncio.run(listen())
    wakeup.call()
