"""kill -9 in the middle of the load: acknowledged <= counted <= sent, and nothing twice."""

import importlib.util
import random
import sys
import threading
import time

import httpx
import pytest

SENDERS = 4


class Sender(threading.Thread):
    """Sends delta exports one after the other; what got no answer is sent again, the very bytes, until it has one."""

    def __init__(self, number: int, collector, make_histogram, stop: threading.Event) -> None:
        super().__init__()
        self.number, self.collector, self.make, self.stopped = number, collector, make_histogram, stop
        self.sent = self.acknowledged = 0
        self.giving_up = threading.Event()

    def run(self) -> None:
        random_ = random.Random(self.number)
        clock = time.time() - 60
        while not self.stopped.is_set():
            count, start = random_.randint(1, 50), clock
            clock += 0.01
            body = self.make("shop", {200: count - 1, 500: 1, 200 + 1 + self.number: 0}, start, clock, up=1)
            body = body.replace(b"shop-1", b"shop-%d" % self.number)
            self.sent += count
            if not self._deliver(body):
                return
            self.acknowledged += count

    def _deliver(self, body: bytes) -> bool:
        while not self.giving_up.is_set():
            try:
                if self.collector.post("metrics", body).status_code == httpx.codes.OK:
                    return True
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        return False


def kill_repeatedly(collector, running, make_histogram, kills: int) -> list[Sender]:
    stop = threading.Event()
    senders = [Sender(number, collector, make_histogram, stop) for number in range(SENDERS)]
    random_ = random.Random(9)
    for number in range(kills + 1):
        with running(collector):
            if number == 0:
                for sender in senders:
                    sender.start()
            if number < kills:
                time.sleep(random_.uniform(0.3, 1.0))
                collector.server.kill()
                continue
            stop.set()
            for sender in senders:
                sender.join(30)
            return senders
    raise AssertionError


@pytest.mark.long
@pytest.mark.parametrize("kills", [20])
def test_senders_that_get_their_answer_are_counted_exactly_through_kills(collector, running, make_histogram, kills):
    """Every sender sends again until it is answered: counted is sent, to the event."""
    senders = kill_repeatedly(collector, running, make_histogram, kills)
    with running(collector):
        good, total = collector.events("shop-availability")

    assert not any(sender.is_alive() for sender in senders)
    assert sum(sender.sent for sender in senders) == total
    assert sum(sender.acknowledged for sender in senders) == total
    assert 0 < good < total


def test_senders_that_give_up_leave_the_count_between_acknowledged_and_sent(collector, running, make_histogram):
    """A sender that goes away with its unanswered request: that one counts once or not at all, and no other is touched."""
    stop = threading.Event()
    senders = [Sender(number, collector, make_histogram, stop) for number in range(SENDERS)]
    with running(collector):
        for sender in senders:
            sender.start()
        time.sleep(1)
        for sender in senders:
            sender.giving_up.set()
        collector.server.kill()
        for sender in senders:
            sender.join(30)
    with running(collector):
        _, total = collector.events("shop-availability")

    acknowledged, sent = (sum(getattr(s, name) for s in senders) for name in ("acknowledged", "sent"))
    assert acknowledged <= total <= sent
    assert acknowledged > 0


@pytest.fixture
def killing(root):
    """The benchmark that kills, as a module."""
    spec = importlib.util.spec_from_file_location("fournines_benchmarks_kill", root / "benchmarks" / "kill.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.long
@pytest.mark.parametrize("kills", [20])
def test_the_real_exporters_lose_and_double_nothing_through_kills(tmp_path, killing, kills):
    """OpenTelemetry's own exporters, spans over HTTP and gRPC and delta histograms: acknowledged <= counted <= sent at every restart."""
    told = []
    result = killing.run(tmp_path, kills, told.append)

    assert len(told) == kills, told
    assert (result.lost, result.doubled) == (0, 0), told
    assert 0 < result.acknowledged == result.counted == result.sent


def test_a_damaged_ledger_keeps_nobody_from_counting(collector, running, make_histogram):
    """A collector whose ledger is spoilt sets it aside, says so in log and metrics, and counts on; not a byte of it is lost."""
    with running(collector):
        pass
    path = collector.data / "ledger.db"
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 500] = b"\xa5" * 500
    path.write_bytes(content)
    with running(collector):
        body = make_histogram("shop", {200: 5}, time.time() - 5, time.time(), up=1)
        assert collector.post("metrics", body).status_code == httpx.codes.OK
        metrics = httpx.get(collector.url + "/metrics", trust_env=False).text
        assert collector.events("shop-availability") == (5, 5)
    aside = list(collector.data.glob("ledger.db.damaged-*Z"))

    assert [bytes(content)] == [file.read_bytes() for file in aside]
    assert "fournines_ledger_set_aside 1" in metrics
