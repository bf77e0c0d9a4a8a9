"""The queue on disk: in order, at least once, bounded, and open about whatever it loses."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fournines.collector import Signal, Source
from fournines.collector.forward import Queue, QueuedRequest
from fournines.collector.forward import segment as segment_module
from fournines.collector.forward.record import OVERHEAD


def queued(number, size=20):
    """A request that says its number."""
    return QueuedRequest(
        Signal.LOGS, Source.XRAY, 1_790_000_000.5 + number, number % 7 + 1, b"%d:" % number + b"x" * size
    )


def number_of(entry):
    """Which one it is."""
    return int(entry.request.body.split(b":")[0])


class Losses(Counter):
    """What was lost, by reason: requests."""

    def __init__(self):
        super().__init__()
        self.items = 0

    def __call__(self, reason, requests, items):
        self[reason] += requests
        self.items += items


@pytest.fixture
def losses():
    """Nothing lost yet."""
    return Losses()


@pytest.fixture
def opened(tmp_path, losses):
    """Opens the queue again and again; what was open is closed first, and at the end."""
    queues: list[Queue] = []

    def open_one(**more):
        while queues:
            queues.pop().close()
        queues.append(Queue(tmp_path / "queue", losses, **more))
        return queues[0]

    yield open_one
    for queue in queues:
        queue.close()


def drained(queue, finish=True):
    """The numbers of all that is there."""
    found = []
    while entry := queue.take():
        found.append(number_of(entry))
        if finish:
            queue.finish(entry)
    return found


def put(queue, *items):
    """Appends and publishes."""
    queue.append(list(items))
    queue.publish()


def test_what_goes_in_comes_out_whole_and_in_order(opened, losses):
    """Signal, source, time, count and body of each request, in the order appended, and then nothing."""
    queue = opened()
    items = [queued(n, size=n * 97) for n in range(100)]
    put(queue, *items[:50])
    put(queue, *items[50:])

    assert items == [queue.take().request for _ in range(100)]
    assert queue.take() is None
    assert not losses


def test_nothing_is_seen_before_it_is_published(opened):
    """What is appended waits for the ledger's commit; what is withdrawn was never there, not even after a restart."""
    queue = opened()
    queue.append([queued(1)])
    assert queue.take() is None
    queue.withdraw()
    queue.append([queued(2)])
    queue.publish()
    assert [2] == drained(queue, finish=False)

    assert [2] == drained(opened())


def test_what_is_not_done_comes_again_after_a_restart(opened):
    """Done items never return; one that is not done returns with all after it, done or not: at least once, in order."""
    queue = opened()
    put(queue, *map(queued, range(10)))
    entries = [queue.take() for _ in range(8)]
    for done in (0, 1, 2, 5, 7):
        queue.finish(entries[done])
    assert 5 == queue.requests

    assert [3, 4, 5, 6, 7, 8, 9] == drained(opened())
    assert [] == drained(opened())


def test_a_queue_that_was_emptied_takes_new_items_after_a_restart(opened):
    """The cursor stands behind all files that are gone: new ones begin behind it, and are not taken for done."""
    for round_number in range(4):
        queue = opened(segment_bytes=100)
        put(queue, *(queued(round_number * 10 + n) for n in range(5)))
        assert [round_number * 10 + n for n in range(5)] == drained(queue)


def test_when_it_is_full_the_oldest_give_way_and_are_counted(opened, losses):
    """The bound holds on disk, the newest stay, and sent plus lost is all there was."""
    queue = opened(most_bytes=20_000)
    for n in range(500):
        put(queue, queued(n, 200))
        assert queue.bytes <= 20_000 + 300
    kept = drained(queue)

    assert list(range(500 - len(kept), 500)) == kept
    assert 500 - len(kept) == losses["queue_full"] == sum(losses.values())
    assert sum(n % 7 + 1 for n in range(500 - len(kept))) == losses.items
    assert len(kept) > 30


def test_what_is_under_way_when_its_file_goes_is_neither_lost_nor_in_the_way(opened, losses):
    """A sender holds what it sends: it is not counted as lost, and finishing it later is no fault."""
    queue = opened(most_bytes=20_000)
    put(queue, queued(0, 200))
    held = queue.take()
    for n in range(1, 300):
        put(queue, queued(n, 200))
    queue.finish(held)
    rest = drained(queue)

    assert 300 == 1 + losses["queue_full"] + len(rest)


def test_an_item_too_large_for_the_queue_is_lost_alone(opened, losses):
    """It takes nobody's place, and is told."""
    queue = opened(most_bytes=10_000)
    put(queue, queued(1), queued(2, 9_000), queued(3))

    assert [1, 3] == drained(queue)
    assert {"too_large": 1} == dict(losses)


def test_a_torn_tail_is_no_item(opened, tmp_path, losses):
    """A record that a crash cut short was never acknowledged: it is left out, wherever the cut is, and those before it stay."""
    queue = opened()
    put(queue, queued(1), queued(2))
    queue.close()
    (path,) = (tmp_path / "queue").glob("*.segment")
    whole = path.read_bytes()
    middle = whole.index(b"2:") - OVERHEAD
    for cut in range(middle + 1, len(whole)):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / path.name).write_bytes(whole[:cut])
        torn = Queue(folder, losses)
        put(torn, queued(3))
        assert [1, 3] == drained(torn)
        torn.close()
    assert not losses


@pytest.mark.parametrize("seed", range(12))
def test_damage_in_the_middle_costs_what_it_hit(opened, tmp_path, losses, seed):
    """Overwritten bytes lose the records they lie in, told as corrupt; all others are sent."""
    dice = random.Random(seed)
    queue = opened()
    put(queue, *(queued(n, 300) for n in range(40)))
    (path,) = (tmp_path / "queue").glob("*.segment")
    data = bytearray(path.read_bytes())
    size = len(data) // 40
    place = dice.randrange(16 + size, len(data) - 2 * size)
    data[place : place + 10] = dice.randbytes(10)
    path.write_bytes(data)
    found = drained(opened())

    assert sorted(found) == found
    assert 38 <= len(found) <= 39
    assert {"corrupt": 1} == dict(losses)


def test_damage_while_it_runs_is_passed_over(opened, tmp_path, losses):
    """A file that rots under an open queue loses what rotted, and the queue goes on; a file that vanishes is given up."""
    queue = opened(segment_bytes=2_000)
    put(queue, *(queued(n, 300) for n in range(30)))
    paths = sorted((tmp_path / "queue").glob("*.segment"))
    first = bytearray(paths[0].read_bytes())
    first[500] ^= 1
    paths[0].write_bytes(first)
    paths[2].write_bytes(b"")
    paths[3].unlink()
    found = drained(queue)
    put(queue, queued(99))

    assert [99] == drained(queue)
    assert 30 == len(found) + losses["corrupt"]
    assert len(found) > 12


def test_a_record_within_a_body_is_a_body(opened, tmp_path):
    """Who sends the bytes of a queue's file, damaged or not, puts nothing into the queue."""
    other = Queue(tmp_path / "other", Losses())
    put(other, queued(7))
    other.close()
    (stolen,) = (tmp_path / "other").glob("*.segment")
    queue = opened()
    put(queue, queued(1)._replace(body=b"1:" + stolen.read_bytes()), queued(2))
    (path,) = (tmp_path / "queue").glob("*.segment")
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)

    assert [2] == drained(opened())


def test_a_cursor_that_is_damaged_sends_again(opened, tmp_path):
    """Rather twice than not at all."""
    queue = opened()
    put(queue, *map(queued, range(3)))
    queue.finish(queue.take())
    (tmp_path / "queue" / "cursor").write_bytes(b"\xff" * 24)

    assert [0, 1, 2] == drained(opened())


def test_a_full_disk_loses_only_what_comes_meanwhile(opened, losses, monkeypatch, caplog):
    """Appending never raises: what can't be written is counted as lost, what was queued stays, and later items are taken again."""
    queue = opened()
    put(queue, queued(1))
    pwrite = os.pwrite

    def full(handle, data, offset):
        pwrite(handle, bytes(data)[:10], offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(segment_module.os, "pwrite", full)
    put(queue, queued(2), queued(3))
    put(queue, queued(4))
    monkeypatch.undo()
    put(queue, queued(5))

    assert [1, 5] == drained(queue)
    assert {"disk": 3} == dict(losses)
    assert 1 == caplog.text.count("are lost to its destination")
    assert 1 == caplog.text.count("can be queued in")


def test_files_that_are_done_are_gone(opened, tmp_path):
    """Disk is given back as items are done; an idle queue keeps one small file."""
    queue = opened(segment_bytes=1_000)
    for n in range(200):
        put(queue, queued(n, 300))
        drained(queue)

    assert 1 >= len(list((tmp_path / "queue").glob("*.segment")))
    assert queue.bytes < 2_000


def test_only_its_owner_may_read_it(opened, tmp_path):
    """What is queued may be read by nobody else on the machine."""
    put(opened(), queued(1))

    for path in [tmp_path / "queue", *(tmp_path / "queue").iterdir()]:
        assert 0 == path.stat().st_mode & 0o077


def test_items_that_wait_for_their_commit_hold_their_file(opened):
    """A group that fills one file and goes on in another is sent whole once it is published, however far reading was."""
    queue = opened(segment_bytes=400)
    put(queue, queued(0, 50))
    assert [0] == drained(queue)
    queue.append([queued(n, 150) for n in range(1, 10)])
    assert [] == drained(queue)
    queue.publish()

    assert list(range(1, 10)) == drained(queue)


def test_one_queue_has_one_owner(opened, tmp_path, losses):
    """A second owner is refused: they would take each other's items."""
    opened()

    with pytest.raises(OSError, match="unavailable"):
        Queue(tmp_path / "queue", losses)


_CHILD = """
import sys, itertools
from pathlib import Path
from fournines.collector import Signal, Source
from fournines.collector.forward import Queue, QueuedRequest
queue = Queue(Path(sys.argv[1]), lambda *lost: print("lost", *lost, flush=True), segment_bytes=4_000)
for number in itertools.count(int(sys.argv[2])):
    queue.append([QueuedRequest(Signal.TRACES, Source.OTLP, 0.0, 1, b"%d:" % number + b"y" * (number % 900))])
    queue.publish()
    print("queued", number, flush=True)
    if number % 3 == 0:
        for _ in range(2):
            entry = queue.take()
            if entry is not None:
                queue.finish(entry)
                print("sent", int(entry.request.body.split(b":")[0]), flush=True)
"""


def test_killed_at_any_moment_it_loses_nothing_it_had_acknowledged(tmp_path, losses):
    """Kill -9, again and again: what was said to be queued is sent before or after; nothing is sent that was not given."""
    queued, sent, begin = set(), set(), 0
    for round_number in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(tmp_path / "q"), str(begin)], stdout=subprocess.PIPE
        )
        with child:
            lines = [child.stdout.readline() for _ in range(40 + 31 * round_number)]
            child.send_signal(signal.SIGKILL)
            lines += child.stdout.readlines()
        words = [line.decode().split() for line in lines if line.endswith(b"\n")]
        queued |= {int(number) for what, number in words if what == "queued"}
        sent |= {int(number) for what, number in words if what == "sent"}
        begin += 10_000
    queue = Queue(tmp_path / "q", losses)
    waiting = {number_of(entry) for entry in iter(queue.take, None)}
    queue.close()

    assert len(queued) > 60
    assert queued <= sent | waiting
    assert len(sent & waiting) <= 2
    assert not losses


class Model(RuleBasedStateMachine):
    """The queue beside a plain list, through crashes and refusals."""

    @initialize()
    def start(self):
        """An empty queue."""
        self.folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"fournines-model-{os.getpid()}-{id(self)}"
        self.losses = Losses()
        self.count = 0
        self.published: list[int] = []
        self.staged: list[int] = []
        self.taken: dict[int, object] = {}
        self.done: set[int] = set()
        self.open()

    def open(self):
        """A new process."""
        self.queue = Queue(self.folder, self.losses, segment_bytes=400)
        self.taken.clear()
        self.staged.clear()

    @rule(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=5))
    def append(self, sizes):
        """Some items."""
        numbers = [self.count + n for n in range(len(sizes))]
        self.count += len(sizes)
        self.queue.append([queued(n, size) for n, size in zip(numbers, sizes, strict=True)])
        self.staged += numbers

    @rule()
    def publish(self):
        """The ledger committed."""
        self.queue.publish()
        self.published += self.staged
        self.staged.clear()

    @rule()
    def withdraw(self):
        """The ledger refused."""
        self.queue.withdraw()
        self.staged.clear()

    @rule()
    def take(self):
        """The next one, in order."""
        entry = self.queue.take()
        waiting = [n for n in self.published if n not in self.taken and n not in self.done]
        assert (waiting[0] if waiting else None) == (number_of(entry) if entry else None)
        if entry:
            self.taken[number_of(entry)] = entry

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def finish(self, data):
        """Any of those under way."""
        number = data.draw(st.sampled_from(sorted(self.taken)))
        self.queue.finish(self.taken.pop(number))
        self.done.add(number)

    @precondition(lambda self: not self.staged)
    @rule()
    def crash(self):
        """A new process: everything from the first that is not done comes again."""
        self.queue.close()
        left = [n for n in self.published if n not in self.done]
        if left:
            self.done = {n for n in self.done if n < left[0]}
        self.open()

    @invariant()
    def counts(self):
        """It says how much waits, and loses nothing."""
        assert not self.losses
        assert len(set(self.published) - self.done) == self.queue.requests

    def teardown(self):
        """Leaves nothing behind."""
        self.queue.close()
        shutil.rmtree(self.folder)


Model.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestModel = Model.TestCase
