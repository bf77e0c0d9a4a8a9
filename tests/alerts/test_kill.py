"""kill -9 between any two steps: the page is told at least once, under one key, and its end after it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap

import pytest

from fournines.alerts import Action, FakeNotifier, Notification, Outbox, Pager, Receiver

PAYMENTS = "payments-availability"

STEPS = (
    "before the round",
    "in the transaction, before its commit",
    "after the commit, before the pager looks",
    "before the message is sent",
    "after it was accepted, before that is recorded",
    "in the transaction that records it",
    "after it was recorded",
)

# A process that has imported everything, and for each line it reads forks one that dies: a start takes seconds, a fork none.
PARENT = """
    import asyncio, json, os, signal, sys
    sys.path.insert(0, sys.argv[1])
    from conftest import START, World, make_slo
    from fournines.alerts import AlertEngine, FakeNotifier, Outbox, Pager, Receiver
    from fournines.alerts import engine as engine_module, outbox as outbox_module
    from fournines.slo import evaluate

    for line in sys.stdin:
        path, step, seconds, healthy = json.loads(line)
        child = os.fork()
        if child == 0:
            break
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    else:
        sys.exit()

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    class Dying(FakeNotifier):
        async def send(self, notification, now, reference=None):
            if step == "before the message is sent":
                die()
            with open(path + ".received", "a") as received:
                received.write(notification.to_json() + chr(10))
            attempt = await super().send(notification, now, reference)
            if step == "after it was accepted, before that is recorded":
                die()
            return attempt

    def dying(module, when):
        original = module.transaction
        from contextlib import contextmanager

        @contextmanager
        def transaction(connection):
            with original(connection):
                yield
                if step == when:
                    die()

        module.transaction = transaction

    if step == "before the round":
        die()
    dying(engine_module, "in the transaction, before its commit")
    dying(outbox_module, "in the transaction that records it")
    world = World()
    if not healthy:
        world.failing["payments-availability"] = 0.01
    engine = AlertEngine(path, [Receiver("hook")])
    now = START + seconds
    engine.evaluate(evaluate([make_slo()], world, now), now)
    if step == "after the commit, before the pager looks":
        die()
    asyncio.run(Pager(Outbox.open(path), {Receiver("hook"): Dying()}, lambda: now).deliver_due())
    if step == "after it was recorded":
        die()
"""


@pytest.fixture(scope="module")
def parent(tmp_path_factory, root):
    """Forks a process for each line, and says how it ended."""
    said = tmp_path_factory.mktemp("parent") / "stderr"
    command = [sys.executable, "-c", textwrap.dedent(PARENT), str(root / "tests" / "alerts")]
    with (
        said.open("wb") as stderr,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):

        def fork(*words):
            process.stdin.write(json.dumps(words) + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip(), said.read_text()

        yield fork


@pytest.fixture
def killed(path, parent):
    """A round of a collector in a process of its own that dies at a step; what its receiver accepted is kept outside."""

    def run(step, seconds=0.0, healthy=""):
        status, stderr = parent(str(path), step, seconds, healthy)
        assert "-9" == status, stderr
        found = path.with_name(path.name + ".received")
        lines = found.read_text().splitlines() if found.exists() else []
        return [Notification.from_json(line) for line in lines]

    return run


@pytest.fixture
def round_(path, engines, slo, at, world, start):
    """The same round in this process, to its end; returns what its receiver accepted."""

    def run(seconds, failing):
        world.failing = {PAYMENTS: failing}
        engine, outbox, notifier = engines(), Outbox.open(path), FakeNotifier()
        engine.evaluate(at([slo()], seconds), start + seconds)
        asyncio.run(Pager(outbox, {Receiver("hook"): notifier}, lambda: start + seconds).deliver_due())
        outbox.close()
        return notifier.sent

    return run


@pytest.mark.parametrize("step", STEPS)
def test_killed_between_any_two_steps_the_page_is_told(killed, round_, step):
    """After the kill a new process tells it, once more only where the first had no time to note that it was told."""
    told = [*killed(step), *round_(5.0, 0.01)]
    twice = step in ("after it was accepted, before that is recorded", "in the transaction that records it")
    assert (2 if twice else 1) == len(told)
    assert {"slo/payments-availability/page"} == {message.dedup_key for message in told}
    assert all(message == told[0] for message in told)
    assert [] == round_(10.0, 0.01)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_its_end_the_end_is_told_after_the_beginning(killed, round_, step):
    """The resolve goes out under the key of the trigger, after it, whatever was killed on the way."""
    told = [*round_(0.0, 0.01), *round_(10.0, 0.0), *killed(step, 320.0, "healthy"), *round_(330.0, 0.0)]
    assert [Action.TRIGGER] == [message.action for message in told[:1]]
    assert {Action.RESOLVE} == {message.action for message in told[1:]}
    assert {"slo/payments-availability/page"} == {message.dedup_key for message in told}
    assert [] == round_(340.0, 0.0)


def test_a_beginning_and_an_end_that_nobody_took_go_out_in_order(path, engines, slo, at, world, start):
    """A receiver that was down for the whole incident hears of its beginning first, then of its end."""
    engine = engines()
    for seconds, failing in ((0, 0.01), (10, 0.0), (310, 0.0)):
        world.failing[PAYMENTS] = failing
        engine.evaluate(at([slo()], seconds), start + seconds)
    outbox, notifier = Outbox.open(path), FakeNotifier()
    pager = Pager(outbox, {Receiver("hook"): notifier}, lambda: start + 400)
    assert [1, 1, 0] == [asyncio.run(pager.deliver_due()) for _ in range(3)]
    outbox.close()
    assert [Action.TRIGGER, Action.RESOLVE] == [message.action for message in notifier.sent]
