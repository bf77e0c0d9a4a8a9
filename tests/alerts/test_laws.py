"""What holds for incidents whatever happens: burns that come and go, silences, people, restarts."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts import AlertEngine, AlertKey, AlertKind, Receiver, UnknownAlert
from fournines.alerts.errors import Unacknowledged
from fournines.alerts.silences.hold import Hold
from fournines.slo import WORKBOOK, evaluate
from tests.alerts.conftest import START, World, make_slo

NAME = "payments-availability"
PAGE, TICKET = AlertKey(AlertKind.PAGE, NAME), AlertKey(AlertKind.TICKET, NAME)
BURNS = {
    "": {},
    "fast": {NAME: 0.01},
    "slowly": {(NAME, each): 0.01 for each in ("2h", "1d", "3d", "6h")},
    "a little": {(NAME, each): 0.01 for each in ("5m", "1h")},
}
TAKEN_SECONDS = 400

DEEDS = st.sampled_from(["", "", "", "take page", "take ticket", "give back", "restart"])
ROUND = st.tuples(
    st.sampled_from(list(BURNS)),
    st.sampled_from(["", "", "", "silent", "silenced", "tickets silenced"]),
    DEEDS,
    st.sampled_from([5, 60, 290, 310, 700, 4000]),
)


class Life:
    """An engine on a file, and what happens to it. `restarting`: it is started anew before every round."""

    def __init__(self, path, *, restarting):
        self.path, self.restarting = path, restarting
        self.world, self.slos, self.now = World(), [make_slo(rules=WORKBOOK)], START
        self.hush, self.taken = "", {}
        self.engine = self.opened()

    def opened(self):
        """A new engine on the same file."""
        return AlertEngine(self.path, [Receiver("hook")], holder=self)

    def holding(self, alert, now):
        """The silence of the round."""
        held = self.hush == "silenced" or (self.hush == "tickets silenced" and alert.key.kind is AlertKind.TICKET)
        return Hold("silenced by ann", now + 1) if held else None

    def live(self, burns, hush, deed, seconds):
        """One round."""
        self.now += seconds
        self.world.failing, self.hush = BURNS[burns], hush
        self.world.silent = {NAME} if hush == "silent" else set()
        if self.restarting or deed == "restart":
            self.engine.close()
            self.engine = self.opened()
        self.do(deed)
        self.engine.evaluate(evaluate(self.slos, self.world, self.now), self.now)
        self.taken = {key: until for key, until in self.taken.items() if key in self.engine.open.by_key}

    def do(self, deed):
        """What people do."""
        key = TICKET if deed == "take ticket" else PAGE
        try:
            if deed.startswith("take"):
                self.engine.acknowledge(key, "ann", self.now + TAKEN_SECONDS, "", self.now)
                self.taken[key] = self.now + TAKEN_SECONDS
            elif deed == "give back":
                self.engine.unacknowledge(key, "bob", "", self.now)
                self.taken.pop(key, None)
        except (Unacknowledged, UnknownAlert):
            alert = self.engine.open.by_key.get(key)
            assert alert is None or (deed == "give back" and alert.acknowledged is None)

    def said(self):
        """All that was ever put into the outbox."""
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute(
                "SELECT dedup_key, action, incident, created, notification FROM outbox ORDER BY id"
            )
            return rows.fetchall()


@pytest.mark.parametrize("restarting", [False, True])
@settings(max_examples=8)
@given(rounds=st.lists(ROUND, min_size=1, max_size=14))
def test_whatever_happens_people_hear_what_they_must_and_nothing_else(restarting, rounds):
    """A beginning before its end; nothing in silence; everything that burns is known, unless somebody holds it; one incident a key."""
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder) / "ledger.sqlite", restarting=restarting)
        for each in rounds:
            before = len(life.said())
            life.live(*each)
            check(life, each, life.said()[before:])
        check_order(life.said())
        life.engine.close()


@settings(max_examples=6)
@given(rounds=st.lists(ROUND, min_size=1, max_size=12))
def test_a_restart_at_any_step_changes_nothing(rounds):
    """What is open, what was decided and every byte of what went out are the same as without one."""
    with tempfile.TemporaryDirectory() as folder:
        lives = [Life(Path(folder) / f"{number}.sqlite", restarting=bool(number)) for number in (0, 1)]
        for each in rounds:
            for life in lives:
                life.live(*each)
        one, other = lives
        assert one.engine.open == other.engine.open
        assert one.said() == other.said()
        for life in lives:
            life.engine.close()


def check(life, lived, said):
    """After a round in which `said` was queued."""
    burns, hush, *_ = lived
    open_, now = life.engine.open.by_key, life.now
    with closing(sqlite3.connect(life.path)) as connection:
        rows = connection.execute("SELECT number, kind FROM alert WHERE resolved IS NULL").fetchall()
    assert sorted((alert.number, key.kind.value) for key, alert in open_.items()) == sorted(rows)
    met = {PAGE: burns in ("fast", "a little"), TICKET: burns in ("fast", "slowly")}
    for key in (PAGE, TICKET):
        silenced = hush == "silenced" or (hush == "tickets silenced" and key is TICKET)
        taken = life.taken.get(key, now) > now and open_[key].acknowledged is not None
        inhibited = key is TICKET and PAGE in open_
        woken = [action for dedup, action, *_ in said if (dedup, action) == (key.dedup, "trigger")]
        assert len(woken) <= (0 if silenced or inhibited or taken else 1)
        if met[key]:
            assert (open_[key].told and not open_[key].hushed) or silenced or taken or inhibited
            assert key in open_


def check_order(said):
    """Of each key: a beginning first, an end only after one, and nothing after that but another beginning; an hour apart at least."""
    for dedup in {row[0] for row in said}:
        known = False
        for _, action, *_ in (row for row in said if row[0] == dedup):
            assert known or action == "trigger"
            known = action != "resolve"
