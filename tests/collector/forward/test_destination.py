"""A destination: everything is brought there in the end, or counted as dropped; one that is slow or down stalls nobody."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from prometheus_client import CollectorRegistry

from fournines.collector import CollectorError, Signal, Source
from fournines.collector.forward import NONE, Backoff, Destination, Drop, Instruments, QueuedRequest, Retry, queue_name

NOW = 1_790_000_000.0


def queued(number, items=3, signal=Signal.TRACES):
    """A request that says its number."""
    return QueuedRequest(signal, Source.OTLP, NOW - 5, items, b"%d" % number)


class Scripted:
    """A sender that does as it is told, request by request; then takes everything."""

    def __init__(self, script=None, slow=None):
        self.script = {number: list(answers) for number, answers in (script or {}).items()}
        self.slow = slow
        self.attempts: list[int] = []
        self.taken: list[int] = []
        self.under_way = self.most = 0
        self.closed = False

    async def send(self, request):
        """As the script says."""
        number = int(request.body)
        self.attempts.append(number)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if self.slow:
                await self.slow.wait()
            await asyncio.sleep(0)
            answers = self.script.get(number)
            if answers:
                raise answers.pop(0)
            self.taken.append(number)
        finally:
            self.under_way -= 1

    async def close(self):
        """Said at the end."""
        self.closed = True


class Place:
    """A folder with destinations, their registry and the waits they made."""

    def __init__(self, folder):
        self.folder = folder
        self.registry = CollectorRegistry()
        self.instruments = Instruments(self.registry)
        self.waits: list[float] = []
        self.open: list[Destination] = []

    def destination(self, sender, name="other", **more):
        async def sleep(seconds):
            self.waits.append(seconds)
            await asyncio.sleep(0)

        made = Destination(name, sender, self.folder, self.instruments, lambda: NOW, sleep=sleep, **more)
        self.open.append(made)
        return made

    def value(self, name, **labels):
        return self.registry.get_sample_value(f"fournines_forward_{name}", {"destination": "other"} | labels)


@pytest.fixture
def place(tmp_path):
    """A folder of its own."""
    place = Place(tmp_path)
    yield place
    for destination in place.open:
        destination.close()


async def until(true):
    """Waits for something to become true."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - what is waited for is seen from outside only
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def running(*destinations):
    """Runs them meanwhile."""
    tasks = [asyncio.create_task(destination.run()) for destination in destinations]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_everything_queued_is_sent_and_counted(place):
    """What was there before, and what comes while it runs; at the end the sender is closed."""
    sender = Scripted()
    destination = place.destination(sender)
    for number in range(5):
        destination.put(queued(number))

    async def story():
        async with running(destination):
            await until(lambda: len(sender.taken) == 5)
            await asyncio.to_thread(destination.put, queued(5, signal=Signal.LOGS))
            await until(lambda: len(sender.taken) == 6 and not destination.queue.requests)

    asyncio.run(story())

    assert list(range(6)) == sorted(sender.taken)
    assert 15 == place.value("sent_items_total", signal="traces")
    assert 3 == place.value("sent_items_total", signal="logs")
    assert sender.closed


def test_what_is_not_taken_now_is_sent_again_until_it_is(place):
    """A retry waits as the back-off says or longer where the server asks, and changes nothing about the request."""
    sender = Scripted({1: [Retry("down"), Retry("down"), Retry("busy", 17.0), Retry("busy", 10**9)]})
    destination = place.destination(sender)
    destination.put(queued(1))

    async def story():
        async with running(destination):
            await until(lambda: sender.taken == [1])

    asyncio.run(story())

    assert [1] * 5 == sender.attempts
    assert 4 == place.value("retries_total")
    assert 0.5 <= place.waits[0] <= 1 <= place.waits[1] <= 2
    assert [17.0, 300.0] == place.waits[2:]


def test_what_is_refused_for_good_is_dropped_and_counted(place, caplog):
    """By its reason; a part that was refused is dropped, and the rest was sent; a fault of the sender drops its request alone."""
    sender = Scripted({1: [Drop("http_400")], 2: [Drop("partial_success", 1)], 3: [ZeroDivisionError("a fault")]})
    destination = place.destination(sender)
    for number in range(5):
        destination.put(queued(number))

    async def story():
        async with running(destination):
            await until(lambda: len(sender.attempts) == 5 and not destination.queue.requests)

    asyncio.run(story())

    assert 3 == place.value("dropped_items_total", reason="http_400")
    assert 1 == place.value("dropped_items_total", reason="partial_success")
    assert 3 == place.value("dropped_items_total", reason="fault")
    assert 1 == place.value("dropped_requests_total", reason="fault")
    assert 3 + 3 + 2 == place.value("sent_items_total", signal="traces")
    assert "a fault" in caplog.text


def test_one_that_hangs_stalls_no_other(place):
    """Its own queue grows, and says how old its oldest is; the other gets everything."""
    gate = None
    quick = Scripted()

    async def story():
        nonlocal gate
        gate = asyncio.Event()
        stuck = place.destination(Scripted(slow=gate), "stuck")
        free = place.destination(quick)
        for number in range(20):
            stuck.put(queued(number))
            free.put(queued(number))
        async with running(stuck, free):
            await until(lambda: len(quick.taken) == 20)
            assert 20 == place.registry.get_sample_value("fournines_forward_queue_requests", {"destination": "stuck"})
            assert 5 == place.registry.get_sample_value("fournines_forward_lag_seconds", {"destination": "stuck"})

    asyncio.run(story())


@pytest.mark.parametrize("parallel", [1, 3])
def test_so_many_at_a_time_and_in_order_when_it_is_one(place, parallel):
    """Never more sends at once than allowed; one at a time keeps the order, retries included."""
    sender = Scripted({2: [Retry("down")] * 3})
    destination = place.destination(sender, parallel=parallel)
    for number in range(30):
        destination.put(queued(number))

    async def story():
        sender.slow = asyncio.Event()
        async with running(destination):
            await until(lambda: sender.under_way == parallel)
            sender.slow.set()
            await until(lambda: len(sender.taken) == 30)

    asyncio.run(story())

    assert parallel == sender.most
    if parallel == 1:
        assert list(range(30)) == sender.taken


def test_what_was_under_way_at_the_end_is_sent_after_the_next_start(place):
    """Stopping waits for no destination, and loses nothing."""
    destination = place.destination(Scripted({n: [Retry("down")] * 10**4 for n in range(3)}), signals=NONE)
    for number in range(3):
        destination.put(queued(number))

    async def stopped():
        async with running(destination):
            await until(lambda: len(place.waits) > 5)

    asyncio.run(stopped())
    destination.close()
    sender = Scripted()
    again = place.destination(sender)

    async def story():
        async with running(again):
            await until(lambda: len(sender.taken) == 3)

    asyncio.run(story())

    assert [0, 1, 2] == sorted(sender.taken)


def test_the_back_off_doubles_to_half_a_minute_with_jitter():
    """Each wait lies between half and all of its step."""
    longest, shortest = Backoff(lambda: 1.0), Backoff(lambda: 0.0)

    assert [1, 2, 4, 8, 16, 30, 30] == [longest.after(Retry("")) for _ in range(7)]
    assert [0.5, 1, 2, 4, 8, 15, 15] == [shortest.after(Retry("")) for _ in range(7)]
    assert 15 == Backoff().after(Retry("", 15.0))


def test_a_queue_belongs_to_its_address():
    """The same name at every start; another path or port is another queue; nothing in an address leaves the folder."""
    one = queue_name("otlp", "https://collector.example:4318/a")

    assert one == queue_name("otlp", "https://collector.example:4318/a")
    assert one.startswith("otlp-collector.example-")
    assert 4 == len(
        {one, *(queue_name("otlp", f"https://collector.example:{rest}") for rest in ("4318/b", "4319/a", "4318"))}
    )
    assert "/" not in queue_name("xray", "../../etc")


def test_a_queue_that_cannot_be_opened_says_so(place):
    """The same queue twice, or no folder to put it in, is refused with words."""
    place.destination(Scripted())

    with pytest.raises(CollectorError, match="can't be used"):
        place.destination(Scripted())
