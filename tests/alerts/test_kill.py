"""kill -9 between any two steps: the page is told at least once, under one key, and its end after it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap

import pytest

from fournines.alerts import Action, Attempt, FakeNotifier, Notification, Outbox, Outcome, Pager, Receiver

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

FALLBACK_STEPS = (
    "before it is kept for the fallback",
    "in the transaction that keeps it for the fallback",
    "after it was kept for the fallback",
    *STEPS[3:],
)

HOOK = Receiver("hook")
BROKEN = Receiver("hook", fallback="mail")
MAIL = Receiver("mail", frozenset())
RETRY = Attempt(Outcome.RETRY, "answered 500")

# A process that has imported everything, and for each line it reads forks one that dies: a start takes seconds, a fork none.
PARENT = """
    import asyncio, json, os, signal, sys
    sys.path.insert(0, sys.argv[1])
    from conftest import START, World, make_slo
    from fournines.alerts import AlertEngine, Attempt, FakeNotifier, Outbox, Outcome, Pager, Receiver
    from fournines.alerts import engine as engine_module, outbox as outbox_module
    from fournines.slo import evaluate

    for line in sys.stdin:
        path, step, seconds, healthy, broken = json.loads(line)
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
            await super().send(notification, now, reference)
            attempt = Attempt(Outcome.DELIVERED, "accepted", reference="before", repeat_after=60.0)
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
                if step == when and not (broken and not os.path.exists(path + ".received")):
                    die()

        module.transaction = transaction

    class DyingOutbox(Outbox):
        def fall_back(self, *values):
            if step == "before it is kept for the fallback":
                die()
            fallen = super().fall_back(*values)
            if step == "after it was kept for the fallback":
                die()
            return fallen

        def _hand_over(self, *values):
            fallen = super()._hand_over(*values)
            if step == "in the transaction that keeps it for the fallback":
                die()
            return fallen

    if step == "before the round":
        die()
    dying(engine_module, "in the transaction, before its commit")
    dying(outbox_module, "in the transaction that records it")
    world = World()
    if not healthy:
        world.failing["payments-availability"] = 0.01
    hook, mail = Receiver("hook", fallback="mail" if broken else None), Receiver("mail", frozenset())
    ways = {hook: Dying()}
    if broken:
        ways = {hook: FakeNotifier([Attempt(Outcome.RETRY, "answered 500")] * 9), mail: Dying()}
    engine = AlertEngine(path, list(ways))
    now = START + seconds
    engine.evaluate(evaluate([make_slo()], world, now), now)
    if step == "after the commit, before the pager looks":
        die()
    pager = Pager(DyingOutbox.open(path), ways, lambda: now)
    for _ in ways:
        asyncio.run(pager.deliver_due())
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

    def run(step, seconds=0.0, healthy="", broken=""):
        status, stderr = parent(str(path), step, seconds, healthy, broken)
        assert "-9" == status, stderr
        found = path.with_name(path.name + ".received")
        lines = found.read_text().splitlines() if found.exists() else []
        return [Notification.from_json(line) for line in lines]

    return run


@pytest.fixture
def round_(path, engines, slo, at, world, start):
    """The same round in this process, to its end; returns what its last receiver accepted."""

    def run(seconds, failing, ways=None):
        world.failing = {PAYMENTS: failing}
        ways = ways or {HOOK: FakeNotifier()}
        engine, outbox = engines(list(ways)), Outbox.open(path)
        engine.evaluate(at([slo()], seconds), start + seconds)
        pager = Pager(outbox, ways, lambda: start + seconds)
        for _ in ways:
            asyncio.run(pager.deliver_due())
        outbox.close()
        return list(ways.values())[-1].sent

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


@pytest.mark.parametrize("step", FALLBACK_STEPS)
def test_killed_on_the_way_to_the_fallback_the_page_is_told(killed, round_, step):
    """A receiver that fails for a minute costs no page, whatever was killed; the fallback hears of it once, and of its end."""

    def ways():
        return {BROKEN: FakeNotifier([RETRY] * 9), MAIL: FakeNotifier()}

    assert [] == round_(0.0, 0.01, ways())
    told = [*killed(step, 61.0, broken="broken"), *round_(65.0, 0.01, ways())]
    twice = step in ("after it was accepted, before that is recorded", "in the transaction that records it")
    assert (2 if twice else 1) == len(told)
    assert all(message == told[0] for message in told)
    assert [] == round_(70.0, 0.0, ways())
    assert [Action.RESOLVE] == [message.action for message in round_(380.0, 0.0, ways())]


@pytest.mark.parametrize("step", STEPS)
def test_killed_between_any_two_steps_the_end_finds_its_beginning(killed, round_, step):
    """The end is sent with a name that the receiver gave: by the process that was killed if it got so far, else by the next one."""
    killed(step)
    given = FakeNotifier([Attempt(Outcome.DELIVERED, "accepted", reference="after")])
    round_(5.0, 0.01, {HOOK: given})
    round_(10.0, 0.0)
    end = FakeNotifier()
    round_(320.0, 0.0, {HOOK: end})
    assert ["before" if step == "after it was recorded" else "after"] == end.references


@pytest.mark.parametrize("step", STEPS[3:])
def test_killed_at_a_reminder_the_next_one_comes(killed, round_, step):
    """A receiver that forgets is reminded by whoever comes after, and a minute later again."""

    def forgetful():
        return {HOOK: FakeNotifier([Attempt(Outcome.DELIVERED, "accepted", repeat_after=60.0)] * 2)}

    assert 1 == len(round_(0.0, 0.01, forgetful()))
    reminded = [*killed(step, 61.0), *round_(66.0, 0.01, forgetful())]
    assert 1 <= len(reminded) <= 2
    assert 1 == len(round_(130.0, 0.01, forgetful()))
    round_(135.0, 0.0)
    assert [Action.RESOLVE] == [message.action for message in round_(450.0, 0.0, forgetful())]


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
