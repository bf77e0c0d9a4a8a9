"""One page for all workers: sums, the dead, the killed, the files."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import subprocess
import sys
import threading

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.instrumentation import names
from fournines.instrumentation.config.page import Page
from fournines.instrumentation.counts.point import Exemplar
from fournines.instrumentation.counts.red import Red
from fournines.instrumentation.exposition.families import family_of, metric_of
from fournines.instrumentation.health import Health
from fournines.instrumentation.multiprocess.folder import Busy, Folder
from fournines.instrumentation.multiprocess.gate import Gate
from fournines.instrumentation.multiprocess.place import (
    is_shared,
    meeting_place,
    parent,
    sweep,
)
from fournines.instrumentation.multiprocess.snapshot import (
    Family,
    Sample,
    Snapshot,
    Unreadable,
    of_totals,
    packed,
    unpacked,
)
from fournines.instrumentation.multiprocess.sum import summed
from fournines.instrumentation.multiprocess.workers import Workers
from fournines.instrumentation.multiprocess.writer import Writer

KEY = ("GET", "http", "/x", 200, None, "1.1")
BOUNDS = (0.1, 1.0)


class Worker:
    """A worker of a service, without the service: its counts, and its part in the page."""

    def __init__(self, folder, bounds=BOUNDS):
        self.red, self.health, self.active = Red(bounds), Health(), 0
        self.part = Workers(folder, self.snapshot, self.health)

    def snapshot(self):
        gauge = Family("active", "gauge", "", "", "sum", {("active", ()): Sample(float(self.active))})
        return Snapshot({"pid": str(id(self))}, self.red.boundaries, of_totals(self.red.totals()), {"active": gauge})

    def serve(self, times, seconds=0.05, exemplar=None):
        for _ in range(times):
            self.red.record(KEY, seconds, exemplar)

    def die(self, *, written=True):
        """As by kill -9: nothing is said, the system lets go of the seat."""
        if written:
            self.part.write()
        self.part.close()

    def shown(self):
        """(requests, seconds, active) on the page this worker gives."""
        total = self.part.total()
        (series,) = total.totals() or [None]
        active = total.families.get("active")
        return (
            0 if series is None else sum(series.counts),
            0.0 if series is None else series.seconds,
            0 if active is None else sum(float(one.value) for one in active.samples.values()),
        )


@pytest.fixture
def folder(tmp_path):
    """An empty folder for workers."""
    return Folder(tmp_path / "workers")


@pytest.fixture
def worker(folder):
    """Makes workers of one service; those that still live leave after the test."""
    made = []

    def one(**kwargs):
        made.append(Worker(folder, **kwargs))
        return made[-1]

    yield one
    for each in made:
        each.part.close()


def files(folder):
    return sorted(path.name for path in folder.path.iterdir())


def test_whoever_is_asked_shows_the_sum_of_all(worker):
    """The page of each worker is the sum of all, of the counts, the seconds and the requests in flight."""
    three = [worker() for _ in range(3)]
    for number, one in enumerate(three, 1):
        one.serve(number * 10)
        one.active = number
        one.part.write()

    assert [(60, 3.0, 6)] * 3 == [
        (count, round(seconds, 9), active) for count, seconds, active in map(Worker.shown, three)
    ]


def test_the_dead_keep_their_counts_and_lose_their_gauges(worker):
    """A dead worker's requests stay counted; what it had in flight has gone with it."""
    one, other = worker(), worker()
    one.serve(5)
    one.active = 3
    other.serve(2)
    one.die()

    assert [(7, 0)] * 3 == [other.shown()[::2] for _ in range(3)]
    assert other.part.total().target == {"pid": str(id(other))}


def test_two_hundred_generations_leave_a_bounded_number_of_files(worker, folder):
    """However many workers come and go, scraped or not, there are two files for each living one, and two more."""
    stays = worker()
    stays.serve(1)
    for generation in range(200):
        passing = worker()
        passing.serve(3)
        passing.die()
        if generation % 50 == 49:
            assert stays.shown()[0] == 1 + 3 * (generation + 1)
    last = worker()

    assert last.shown()[0] == 601
    assert len(files(folder)) == 2 * 2 + 2


def test_killed_anywhere_in_the_moving_nothing_is_lost_and_nothing_doubled(worker, folder, monkeypatch):
    """Whoever folds the dead may die at any of its steps on the file system: the next one's page says the same."""
    for step in range(12):
        with monkeypatch.context() as patch:
            dead = [worker() for _ in range(2)]
            for one in dead:
                one.serve(5)
                one.die()
            folding = worker()
            left = [step]

            def dying(real, left=left):
                def call(*args, **kwargs):
                    if not left[0]:
                        raise KeyboardInterrupt  # nothing of ours handles it, as nothing handles a kill
                    left[0] -= 1
                    return real(*args, **kwargs)

                return call

            patch.setattr("pathlib.Path.replace", dying(type(folder.path).replace))
            patch.setattr("pathlib.Path.unlink", dying(type(folder.path).unlink))
            try:
                folding.shown()
            except KeyboardInterrupt:
                folding.part.close()
        after = worker()
        assert after.shown()[0] == 10 * (step + 1), f"killed at step {step}"
        after.part.close()


def test_pages_never_fall(worker):
    """Over any history of requests, scrapes, deaths and arrivals, no page shows less than one before, by not one bit."""
    dice = random.Random(9999)
    alive = [worker() for _ in range(3)]
    before, served = (0, 0.0), 0
    for _ in range(300):
        one = dice.choice(alive)
        deed = dice.random()
        if deed < 0.6:
            one.serve(1, seconds=dice.expovariate(7))
            served += 1
        elif deed < 0.75:
            one.die()
            alive.remove(one)
            alive.append(worker())
        else:
            now = one.shown()[:2]
            assert now[0] >= before[0]
            assert now[1] >= before[1]
            before = now
    for one in alive:
        one.part.write()

    assert alive[0].shown()[0] == served


def test_a_killed_worker_loses_no_more_than_was_not_written(worker):
    """What was written down, or shown, before the kill stays; only the rest of that second is lost."""
    one, other = worker(), worker()
    one.serve(5)
    assert one.shown()[0] == 5
    one.serve(2)
    one.die(written=False)

    assert other.shown()[0] == 5


def test_a_new_start_of_the_service_counts_from_zero(worker, monkeypatch):
    """Where nobody lives and the parent is another, the old counts go; with the same parent they stay."""
    one = worker()
    one.serve(5)
    one.die()
    recycled = worker()
    assert recycled.shown()[0] == 5
    recycled.die()
    monkeypatch.setattr("fournines.instrumentation.multiprocess.workers.parent", lambda: "another")

    assert worker().shown()[0] == 0


def test_workers_of_two_parents_at_once_keep_the_counts(worker, monkeypatch):
    """A server that is replaced while the old one still serves is one service with it."""
    old = worker()
    old.serve(5)
    old.part.write()
    monkeypatch.setattr("fournines.instrumentation.multiprocess.workers.parent", lambda: "another")
    new = worker()
    new.serve(1)
    assert new.shown()[0] == 6
    old.die()

    assert new.shown()[0] == 6


def test_an_emptied_folder_is_filled_again(worker, folder):
    """Somebody who wipes the folder under living workers costs the dead ones' counts, not the living ones'."""
    one, other = worker(), worker()
    for each in (one, other):
        each.serve(4)
        each.part.write()
    for path in folder.path.iterdir():
        path.unlink()
    folder.path.rmdir()
    other.part.write()

    assert one.shown()[0] == 8


@pytest.mark.parametrize(
    "rubbish", [b"", b"{", b"null", b"[]", b'{"format":99}', b'{"format":1}', b"[" * 99999, b"\xff\x00"]
)
def test_rubbish_in_the_folder_is_counted_and_costs_only_itself(worker, folder, rubbish):
    """A damaged file, a worker's or the finished ones', leaves the others' counts on the page."""
    one, other = worker(), worker()
    one.serve(5)
    one.part.write()
    other.serve(2)
    other.part.write()
    (mine,) = [
        path
        for path in folder.path.glob("*.json")
        if b'["GET"' in path.read_bytes() and b",[2,0,0]" in path.read_bytes()
    ]
    mine.write_bytes(rubbish)
    (folder.path / "finished.json").write_bytes(rubbish)

    assert one.shown()[0] == 5
    assert one.health.count(names.PROM_ERRORS, "workers") == 2
    assert one.shown()[0] == 5


def test_a_full_disk_costs_freshness_and_no_count(worker, folder, monkeypatch):
    """Where nothing can be written pages show what was written last, the dead included, and go on when it can be."""
    one, other, dead = worker(), worker(), worker()
    for each in (one, other, dead):
        each.serve(5)
        each.part.write()
    dead.part.close()
    one.serve(1)
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "no space")))
        assert [one.shown()[0], other.shown()[0], one.shown()[0]] == [15, 15, 15]
        assert one.health.count(names.PROM_ERRORS, "workers") >= 2

    assert one.shown()[0] == 16
    assert other.shown()[0] == 16


def test_a_folder_that_stays_locked_gives_no_page(worker, folder, monkeypatch):
    """Rather no page than a wrong one: where the folder can't be had, the scrape fails."""
    one = worker()
    one.part.write()
    monkeypatch.setattr("fournines.instrumentation.multiprocess.folder.BETWEEN_TRIES", 0.0)
    with folder.locked(), pytest.raises(Busy), folder.locked(patience=0.0):
        pytest.fail("two at once")


def test_exemplars_of_all_workers_are_there_the_newest_of_each_bucket(worker):
    """An exemplar outlives its worker; of two in one bucket the newer is shown."""
    one, other = worker(), worker()
    one.serve(1, 0.05, Exemplar(1, 1, 0.05, 100.0))
    one.serve(1, 0.5, Exemplar(2, 2, 0.5, 300.0))
    other.serve(1, 0.06, Exemplar(3, 3, 0.06, 200.0))
    other.serve(1, 0.6, Exemplar(4, 4, 0.6, 200.0))
    one.die()
    (series,) = other.part.total().totals()

    assert [3, 2, None] == [found and found.trace_id for found in series.exemplars]


def test_workers_with_other_boundaries_are_added_where_theirs_agree(worker):
    """Where a new version has another boundary, counts are shown between those that both have: nothing is guessed."""
    old, new = worker(bounds=(0.1, 0.5, 1.0)), worker(bounds=(0.1, 0.3, 1.0))
    for seconds in (0.05, 0.2, 0.4, 2.0):
        old.serve(1, seconds)
        new.serve(1, seconds)
    old.part.write()
    total = new.part.total()

    assert total.boundaries == (0.1, 1.0)
    assert [series.counts for series in total.totals()] == [(2, 4, 2)]


def test_a_user_s_metrics_become_one_by_their_kind():
    """Counters and histograms are added with their exemplars, gauges by their mode, and quantiles are left out."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Summary

    def one(number):
        registry = CollectorRegistry()
        Counter("orders", "Orders.", ["shop"], registry=registry).labels("a").inc(
            number + 0.1, exemplar={"trace_id": str(number)}
        )
        Histogram("cents", "Cents.", buckets=(1, 10), registry=registry).observe(number)
        Summary("wait", "Wait.", registry=registry).observe(number)
        Info("build", "Build.", registry=registry).info({"version": "1"})
        Gauge("depth", "Depth.", registry=registry).set(number)
        rules = {"depth": "max"}
        families = [family_of(metric, rules.get(metric.name, "each")) for metric in registry.collect()]
        written = packed(Snapshot(families={family.name: family for family in families}))
        return unpacked(written)

    total = summed([one(1), one(20), one(300)])
    found = {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in total.families.values()
        for sample in metric_of(family).samples
        if not sample.name.endswith("_created")
    }
    (noted,) = [sample.exemplar for sample in metric_of(total.families["orders"]).samples if sample.exemplar]

    assert noted.labels == {"trace_id": "300"}
    assert found == {
        ("orders_total", (("shop", "a"),)): 321.3,
        ("cents_bucket", (("le", "1.0"),)): 1, ("cents_bucket", (("le", "10.0"),)): 1,
        ("cents_bucket", (("le", "+Inf"),)): 3, ("cents_count", ()): 3, ("cents_sum", ()): 321,
        ("wait_count", ()): 3, ("wait_sum", ()): 321,
        ("build_info", (("version", "1"),)): 1,
        ("depth", ()): 300,
    }  # fmt: skip


NUMBERS = st.floats(allow_nan=False) | st.floats(0, 1e6) | st.integers(0, 10**6).map(float)


@settings(max_examples=60)
@given(
    values=st.lists(st.integers(1, 10**9).map(lambda n: n / 997) | st.floats(0, 1e9), min_size=2, max_size=9),
    cut=st.integers(1, 8),
)
@example(values=[0.1, 0.2, 0.3], cut=1)
@example(values=[1e16, 1.0, 1.0], cut=1)
def test_sums_do_not_depend_on_who_died_first(values, cut):
    """Adding some, writing the sum down, and adding the rest gives the very same number as adding all."""

    def holding(value):
        return Snapshot(families={"n": Family("n", "counter", "", "", "sum", {("n_total", ()): Sample(value)})})

    def told(snapshot):
        return [metric_of(family).samples[0].value for family in snapshot.families.values()]

    some = unpacked(packed(summed(map(holding, values[:cut]))))

    assert told(summed([*map(holding, values[cut:]), some])) == told(summed(map(holding, values)))


@settings(max_examples=60)
@given(
    value=NUMBERS,
    text=st.text(max_size=9),
    labels=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)
def test_what_is_written_is_what_is_read(value, text, labels):
    """Any value, text and label comes back from a file as it was."""
    sample = {(text, tuple(labels.items())): Sample(value, ((("trace_id", text),), value, None))}
    made = Snapshot(labels, BOUNDS, {}, {text: Family(text, "gauge", text, "", "each", sample)})

    assert unpacked(packed(made)) == made


PLAIN = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "1/0", "x", [], {}, [[]], [[1, 2, 3, 4]], [["", "", "", "", "", [[]]]], {"a": 1}]
)


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(["target", "boundaries", "series", "families"]), PLAIN))
def test_foreign_json_is_told_from_ours(values):
    """Whatever JSON a file holds, it is read as counts or refused as unreadable; nothing else happens."""
    whole = {"format": 1, "target": {}, "boundaries": [], "series": [], "families": []}
    with contextlib.suppress(Unreadable):
        summed([unpacked(json.dumps(whole | values).encode())] * 2)


def test_the_last_counts_are_written_at_the_end():
    """Stopping writes once more, and the thread is gone; what fails is counted, and does not end it."""
    wrote = threading.Event()
    health, calls = Health(), []

    def write():
        calls.append(1)
        wrote.set()
        raise OSError("full")

    writer = Writer(write, health, interval=3600)
    writer.start()
    assert wrote.wait(10)
    writer.stop(10)

    assert len(calls) == 2
    assert health.count(names.PROM_ERRORS, "workers") == 2
    assert "fournines-metrics" not in [thread.name for thread in threading.enumerate()]


def test_a_forked_child_leaves_the_seat_to_its_parent(worker, folder):
    """A child that forgets does not end its parent's hold, nor keep it when the parent goes."""
    one = worker()
    one.serve(1)
    one.part.write()
    (name,) = folder.seats()
    go, end = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - measured in the parent
        one.part.leave_to_parent()
        os.write(go[1], b"x")
        os.read(end[0], 1)
        os._exit(0)
    os.read(go[0], 1)
    held = not folder.has_gone(name)
    one.part.close()
    gone = folder.has_gone(name)
    os.write(end[1], b"x")
    os.waitpid(child, 0)
    for handle in (*go, *end):
        os.close(handle)

    assert (held, gone) == (True, True)


@pytest.mark.parametrize("slow", [False, True])
def test_a_fork_waits_while_counts_are_taken_and_not_for_ever(slow):
    """A child is not born with locks held by a thread it does not have; a collector that hangs holds no fork up."""
    gate, inside, go = Gate(), threading.Event(), threading.Event()

    def taking():
        with gate:
            inside.set()
            go.wait(20)

    thread = threading.Thread(target=taking)
    thread.start()
    inside.wait(20)
    forking = threading.Thread(target=lambda: (gate.before(), forked.append(go.is_set()), gate.in_parent()))
    forked = []
    forking.start()
    if not slow:
        go.set()
    forking.join(20)
    go.set()
    thread.join(20)
    assert forked == [not slow]

    gate.before()
    gate.in_child()
    other = threading.Thread(target=lambda: [gate.__enter__(), forked.append("free"), gate.__exit__()])
    other.start()
    other.join(20)
    assert forked[-1] == "free"


def test_who_shares_and_who_does_not(monkeypatch):
    """A page is shared where a folder was named or a server made several of the process; `none` says no to both."""
    assert not is_shared(Page())
    assert is_shared(Page(folder="/somewhere"))
    assert is_shared(Page(prometheus_folder="/somewhere"))
    monkeypatch.setitem(sys.modules, "gunicorn.arbiter", object())
    assert is_shared(Page())
    assert not is_shared(Page(folder="none", prometheus_folder="/somewhere"))


def test_services_in_one_folder_stay_apart(tmp_path):
    """However strange its name, each service has a folder of its own in the one that was named."""
    strange = ["shop", "shop/../../x", "", "größe", "s" * 300, "a b"]
    folders = [meeting_place(Page(folder=str(tmp_path)), service) for service in strange]

    assert len({one.path for one in folders}) == len(strange)
    assert {one.path.parent for one in folders} == {tmp_path}
    assert {one.path.stat().st_mode & 0o777 for one in folders} == {0o700}


def test_prometheus_client_s_folder_has_ours_inside(tmp_path):
    """Where the operator set prometheus-client's folder, ours is one in it."""
    found = meeting_place(Page(prometheus_folder=str(tmp_path)), "shop")

    assert found.path.parent == tmp_path / "fournines"


def test_a_found_place_is_the_parent_s_and_nobody_else_s(tmp_path, monkeypatch):
    """Without a name the workers of one parent meet in a private folder; one that others may write to is not used."""
    monkeypatch.setattr("fournines.instrumentation.multiprocess.place.MEMORY", tmp_path)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    found = meeting_place(Page(), "shop")
    assert found.path.parent.name == parent()
    place = found.path.parent.parent
    assert place.stat().st_mode & 0o777 == 0o700
    place.chmod(0o777)

    with pytest.raises(OSError, match="not this user's own"):
        meeting_place(Page(), "shop")


def test_folders_of_ended_services_are_swept(tmp_path):
    """Ended parents' folders go, of this machine at once and of other containers after a day; those with life in them stay."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    namespace, pid, _ = parent().split("-")
    gone = tmp_path / f"{namespace}-{ended.pid}-1"
    reused = tmp_path / f"{namespace}-{pid}-1"
    foreign, kept = tmp_path / "1-2-3", tmp_path / parent()
    living = tmp_path / f"{namespace}-{ended.pid}-2"
    for folder in (gone, reused, foreign, kept, living):
        (folder / "shop").mkdir(parents=True)
    seat = Folder(living / "shop").sit_down()
    now = foreign.stat().st_mtime
    sweep(tmp_path, now)
    assert {foreign, kept, living} == set(tmp_path.iterdir())
    sweep(tmp_path, now + 100_000)
    seat.leave()

    assert {kept, living} == set(tmp_path.iterdir())
