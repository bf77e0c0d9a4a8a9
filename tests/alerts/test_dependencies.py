"""A page waits while what its SLO depends on pages, and no longer."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fournines.alerts import AlertEngine, AlertKind, Notice, Receiver
from fournines.alerts.alert import AlertKey
from fournines.alerts.silences.hold import Hold
from fournines.slo import WORKBOOK, evaluate
from tests.alerts.conftest import World

NAMES = "abcde"
RESTARTS = 100
"""Seconds between two rounds with a restart between them."""

GRAPH = st.fixed_dictionaries({name: st.sets(st.sampled_from(NAMES)) for name in NAMES})
SEEN = st.fixed_dictionaries(
    {name: st.sampled_from(["calm", "calm", "burns", "burns", "silent", "burns in silence"]) for name in NAMES}
)
ROUNDS = st.lists(st.tuples(SEEN, st.sampled_from([5, RESTARTS, 301])), max_size=12)


def page(name):
    """The key of an SLO's page."""
    return AlertKey(AlertKind.PAGE, name)


def above(name, parents):
    """Everybody whom an SLO depends on, through whomever."""
    found = set(parents[name])
    while more := {each for parent in found for each in parents[parent]} - found:
        found |= more
    return found


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(NAMES), GRAPH, ROUNDS)
def test_a_page_is_held_while_one_above_it_pages_and_goes_out_after(slo, start, order, graph, rounds):
    """Whatever the order, the graph and the burns: nobody is told below what pages, and everybody whose SLO burns when that is over."""
    parents = {name: {each for each in graph[name] if order.index(each) < order.index(name)} for name in NAMES}
    slos = [slo(name, name, rules=WORKBOOK[:2], depends_on=tuple(sorted(parents[name]))) for name in NAMES]
    last = dict.fromkeys(NAMES, "calm") | ({} if not rounds else dict.fromkeys(order[-1:], "burns"))
    with tempfile.TemporaryDirectory() as folder:
        path, now, world = Path(folder) / "ledger.sqlite", start, World()
        engine = AlertEngine(path, [Receiver("hook")])
        for seen, seconds in [*rounds, (last, 301), (last, 301), (last, 301)]:
            now += seconds
            world.failing = {name: 0.5 for name in NAMES if "burns" in seen[name]}
            world.silent = {name for name in NAMES if "silen" in seen[name]}
            if seconds == RESTARTS:
                engine.close()
                engine = AlertEngine(path, [Receiver("hook")])
            told = {key for key, alert in engine.open.by_key.items() if alert.told}
            engine.evaluate(evaluate(slos, world, now), now)
            check(engine, told, parents, world)
        engine.close()
        burning = "burns" in last.values()
        assert [page(order[-1])] * burning == [
            key for key, alert in engine.open.by_key.items() if alert.told and key.kind is AlertKind.PAGE
        ]


def check(engine, told, parents, world):
    """After a round."""
    by_key = engine.open.by_key
    held = {each.alert.key for each in engine.open if each.inhibited}
    for name in NAMES:
        key = page(name)
        if key in by_key:
            pages = any(page(each) in by_key and each not in world.silent for each in above(name, parents))
            new = by_key[key].told and key not in told
            assert (key in held) == (pages and not by_key[key].told)
            assert not (new and pages)
            if name in world.failing:
                assert by_key[key].told or pages


@pytest.fixture
def chain(slo):
    """A database, a service on it, and an edge on that, the last first."""
    depending = (("edge", ("service",)), ("service", ("database", "nowhere")), ("database", ()))
    return [slo(name, name, rules=WORKBOOK[:2], depends_on=parents) for name, parents in depending]


def test_a_page_is_released_with_its_true_beginning(engines, chain, world, start, path):
    """It says by whom it was held and since when; once that is over, it goes out and says since when it fires."""
    engine = engines()
    world.failing = {"edge": 0.5, "database": 0.5}
    changes = engine.evaluate(evaluate(chain, world, start), start)
    [edge] = engine.open.of(chain[0])
    world.failing = {"edge": 0.5}
    engine.evaluate(evaluate(chain, world, start + 10), start + 10)
    [released] = engine.evaluate(evaluate(chain, world, start + 310), start + 310)[1:]
    with sqlite3.connect(path) as connection:
        [(sent,)] = connection.execute("SELECT notification FROM outbox WHERE dedup_key = 'slo/edge/page'")
    connection.close()

    assert {"database": Notice.TRIGGER, "edge": Notice.HELD_BACK} == {each.alert.slo: each.notice for each in changes}
    assert "held back: depends on database, which burns since 2027-01-15T08:00:00Z" == edge.as_json()["held_back"]
    assert ("edge", Notice.TRIGGER) == (released.alert.slo, released.notice)
    assert start == json.loads(sent)["starts_at"]
    assert engine.open.of(chain[0])[0].as_json()["held_back"] is None


def test_a_page_that_was_told_stays(engines, chain, world, start):
    """What people know already is not taken back when the cause comes to light."""
    engine = engines()
    world.failing = {"edge": 0.5}
    engine.evaluate(evaluate(chain, world, start), start)
    world.failing = {"edge": 0.5, "database": 0.5}
    engine.evaluate(evaluate(chain, world, start + 5), start + 5)

    assert [("edge", False), ("database", False)] == [(each.alert.slo, each.inhibited) for each in engine.open]


def test_what_is_gone_holds_nothing_back(engines, chain, world, start):
    """An SLO that no file has any more ends with its page, and with what that held back."""
    engine = engines()
    world.failing = {"edge": 0.5, "database": 0.5}
    engine.evaluate(evaluate(chain, world, start), start)
    engine.retire(chain[:2], start + 5)
    engine.evaluate(evaluate(chain[:2], world, start + 5), start + 5)

    assert [("edge", True)] == [(each.alert.slo, each.alert.told) for each in engine.open]


def test_nobody_is_held_back_by_themselves(engines, chain, world, start):
    """Two services may declare that they depend on each other, which no file can say: a page that was held goes out all the same."""
    slos = [chain[0], replace(chain[1], depends_on=("database", "edge")), chain[2]]
    engine = engines()
    world.failing = {"edge": 0.5, "database": 0.5}
    engine.evaluate(evaluate(slos, world, start), start)
    world.failing = {"edge": 0.5}
    engine.evaluate(evaluate(slos, world, start + 10), start + 10)
    engine.evaluate(evaluate(slos, world, start + 310), start + 310)

    assert [("edge", True)] == [(each.alert.slo, each.alert.told) for each in engine.open]


class Silenced:
    """Holds the alerts of these SLOs."""

    def __init__(self, *names):
        self.names = set(names)

    def holding(self, alert, now):
        return Hold("silenced by ann", now + 60) if alert.slo in self.names else None


@pytest.fixture
def told(engines, chain, world, start):
    """Who is told that it fires, with the silences and after so many seconds, in which all but the service burn."""
    world.failing = {"edge": 0.5, "database": 0.5}
    holder = Silenced()
    engine = engines(holder=holder)

    def after(seconds, *silenced):
        holder.names = set(silenced)
        changes = engine.evaluate(evaluate(chain, world, start + seconds), start + seconds)
        return {each.alert.slo for each in changes if each.notice.wakes}

    after.engine = engine
    return after


def test_a_page_does_not_wait_for_one_that_is_silenced(told):
    """Of the database nobody hears: then somebody has to hear of the edge."""
    assert {"edge"} == told(0, "database")


def test_a_page_goes_out_once_the_one_it_waits_for_is_silenced(told):
    """Whoever had been told of that may have silenced it for another reason."""
    assert {"database"} == told(0)
    assert set() == told(5)
    assert {"edge"} == told(10, "database")
    assert {"database"} == told(15), "the silence is over, and the edge's page stays told"


def test_a_page_waits_for_one_that_somebody_has(told, start):
    """Who has taken the cause on knows enough; once that runs out, the cause is told again, and what waits still waits."""
    told(0)
    told.engine.acknowledge(page("database"), "ann", start + 60, "", start + 1)
    assert set() == told(5)
    assert {"database"} == told(61)


def test_a_page_waits_for_what_is_told_above_one_that_is_silenced(slo, engines, world, start):
    """The service is silenced, but the database below it is told: that is the cause of both."""
    depending = (("edge", ("service",)), ("service", ("database",)), ("database", ()))
    slos = [slo(name, name, rules=WORKBOOK[:2], depends_on=parents) for name, parents in depending]
    world.failing = dict.fromkeys(("edge", "service", "database"), 0.5)
    changes = engines(holder=Silenced("service")).evaluate(evaluate(slos, world, start), start)
    assert ["database"] == [each.alert.slo for each in changes if each.notice.wakes]
