"""What holds of the outbox whatever happens to its messages, in whatever order."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts import DELIVERED, Action, Attempt, Notification, Outbox, Outcome, Stage
from fournines.alerts.schema import MIGRATIONS, connect, transaction

RECEIVERS = {"pager": "mail", "chat": "pager", "mail": None}
"""Each with its fallback."""

ANSWERS = {
    "taken": DELIVERED,
    "named": Attempt(Outcome.DELIVERED, "accepted", reference="name"),
    "remembered": Attempt(Outcome.DELIVERED, "accepted", repeat_after=60.0),
    "later": Attempt(Outcome.RETRY, "answered 503"),
    "throttled": Attempt(Outcome.RETRY, "answered 429", 300.0),
    "never": Attempt(Outcome.REJECTED, "answered 400"),
}

STEPS = st.one_of(
    st.tuples(st.just("happens"), st.integers(1, 3)),
    st.tuples(st.just("ends"), st.integers(1, 3)),
    st.tuples(st.sampled_from(sorted(RECEIVERS)), st.sampled_from(sorted(ANSWERS))),
    st.tuples(st.just("waits"), st.sampled_from((1, 30, 61, 4_000))),
)


class World:
    """An engine that tells pager and chat of incidents, and receivers that answer as they like."""

    def __init__(self):
        self.connection = connect(":memory:")
        self.outbox = Outbox(self.connection)
        self.now = 1_000.0
        self.open = {}
        self.said = 0
        self.accepted = defaultdict(list)

    def happens(self, slo):
        """An incident begins, or something about it changes."""
        new = slo not in self.open
        if new:
            values = (f"a{slo}",)
            with transaction(self.connection):
                row = self.connection.execute(
                    "INSERT INTO alert (kind, name, slo, service, labels, reason, summary, since, told)"
                    " VALUES ('page', ?, 'a', 's', '{}', '', '', 1.0, 1)",
                    values,
                )
            self.open[slo] = row.lastrowid
        self.say(slo, Action.TRIGGER if new else Action.UPDATE)

    def ends(self, slo):
        """An incident ends, in the transaction of its message."""
        if slo in self.open:
            self.say(slo, Action.RESOLVE)
            self.connection.execute("UPDATE alert SET resolved = ? WHERE number = ?", (self.now, self.open.pop(slo)))

    def say(self, slo, action):
        self.said += 1
        number = self.open[slo]
        note = Notification(action, f"slo/a{slo}/page", {"n": str(self.said)}, {}, 1.0, None, "")
        with transaction(self.connection):
            told = {"pager", "chat"} if action is Action.TRIGGER else self.outbox.told(number)
            for receiver in sorted(told):
                self.outbox.add(note, receiver, number, self.now)

    def look(self, receiver, attempt):
        """One look of a receiver's lane."""
        for delivery in self.outbox.due(receiver, self.now):
            stage = self.outbox.record(delivery, attempt, self.now)
            if stage is Stage.DELIVERED and not delivery.reminder:
                self.accepted[receiver, delivery.incident].append(delivery.notification)
        if RECEIVERS[receiver]:
            self.outbox.fall_back(receiver, RECEIVERS[receiver], self.now)

    def step(self, what, how):
        if what == "waits":
            self.now += how
        elif what in RECEIVERS:
            self.look(what, ANSWERS[how])
        else:
            getattr(self, what)(how)

    def settle(self):
        """From now on all of them take everything."""
        for _ in range(200):
            self.now += 60
            for receiver in RECEIVERS:
                self.look(receiver, DELIVERED)


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=40))
def test_nobody_hears_of_an_incident_out_of_order(steps):
    """To one receiver an incident's messages arrive in the order they were made, each once; a fallback's begin with a beginning."""
    world = World()
    with contextlib.closing(world.connection):
        for step in steps:
            world.step(*step)
        world.settle()
        for notes in world.accepted.values():
            numbers = [int(note.labels["n"]) for note in notes]
            assert sorted(set(numbers)) == numbers
        firsts = world.connection.execute(
            "SELECT action, min(id) FROM outbox WHERE receiver = 'mail' GROUP BY incident"
        )
        assert {"trigger"} >= {action for action, _ in firsts.fetchall()}


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=40))
def test_once_all_work_everything_is_said(steps):
    """Nothing waits for ever: each message was taken or refused, and who was not told has a fallback that was."""
    world = World()
    with contextlib.closing(world.connection):
        for step in steps:
            world.step(*step)
        world.settle()
        assert {Stage.DELIVERED, Stage.REJECTED} >= {stage for _, stage in world.outbox.counts()}
        refused = world.connection.execute(
            "SELECT incident FROM outbox WHERE receiver = 'pager' AND action = 'trigger' AND state = 'rejected'"
            " AND instead_of IS NULL"
        )
        assert all("mail" in world.outbox.told(incident) for (incident,) in refused.fetchall())


def test_what_the_version_before_left_is_sent(path):
    """A page that waited while its collector was brought up to date goes out."""
    before = sqlite3.connect(path, isolation_level=None)
    for statement in MIGRATIONS[0]:
        before.execute(statement)
    before.execute("CREATE TABLE alerts_schema (version INTEGER NOT NULL) STRICT")
    before.execute("INSERT INTO alerts_schema VALUES (1)")
    text = {
        "action": "trigger",
        "dedup_key": "slo/a/page",
        "labels": {},
        "annotations": {},
        "starts_at": 1.0,
        "ends_at": None,
        "url": "",
    }
    before.execute(
        "INSERT INTO outbox (incident, receiver, dedup_key, action, notification, created, due)"
        " VALUES (1, 'hook', 'slo/a/page', 'trigger', ?, 1.0, 1.0)",
        (json.dumps(text),),
    )
    before.close()

    with contextlib.closing(Outbox.open(path)) as outbox:
        assert ["slo/a/page"] == [delivery.notification.dedup_key for delivery in outbox.due("hook", 2.0)]
