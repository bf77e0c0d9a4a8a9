"""How long a collector lives: until a signal, or until a part of it ended that never should."""

import asyncio
import logging

import pytest

from fournines.serving import cancelled, first_ended


def lived(*jobs, stopped=False):
    """What ends a service with these jobs, the signal having come or not."""

    async def live():
        stop = asyncio.Event()
        if stopped:
            stop.set()
        tasks = [asyncio.create_task(job(), name=job.__name__) for job in jobs]
        try:
            return await first_ended(stop, tasks)
        finally:
            await cancelled(tasks)

    return asyncio.run(live())


async def endless():
    """A job as it should be."""
    await asyncio.Event().wait()


async def failing():
    """One that meets a fault of ours."""
    raise ZeroDivisionError


async def ending():
    """One that has nothing more to do, and should have."""


def test_a_signal_is_no_fault():
    """Who is told to stop stops well."""
    assert lived(endless, stopped=True) is None


@pytest.mark.parametrize(("job", "fault"), [(failing, ZeroDivisionError), (ending, RuntimeError)])
def test_a_job_that_ends_ends_the_service(job, fault, caplog):
    """A collector that no longer evaluates, or ticks, would look well and page nobody: it says which job it was, and ends."""
    with caplog.at_level(logging.CRITICAL):
        assert isinstance(lived(endless, job), fault)

    assert [f"{job.__name__} ended"] == [record.message for record in caplog.records]
