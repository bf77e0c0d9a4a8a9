"""Everything fails at once: hundreds of alerts, and the first page waits for a few of them."""

from __future__ import annotations

import sqlite3

import pytest

from fournines.alerts import StoreError

MANY = 60


@pytest.fixture
def all_fail(slo, world):
    """So many SLOs of so many services, each of which burns."""
    slos = [slo(f"s{number}", f"service-{number}") for number in range(MANY)]
    world.failing = {each.name: 1.0 for each in slos}
    return slos


def triggers(path):
    """The keys of the pages and tickets in the outbox."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT dedup_key FROM outbox WHERE action = 'trigger' ORDER BY id").fetchall()
    connection.close()
    return [key for (key,) in rows]


def test_the_first_pages_go_out_before_the_last_are_made(engines, all_fail, at, start, path):
    """The pager is woken after a few, and then again; in the end everybody was told of, each once."""
    woken = []
    engine = engines(on_queued=lambda: woken.append(len(triggers(path))))
    changes = engine.evaluate(at(all_fail), start)
    assert (0 < woken[0] <= 10, len(woken) > 2, 2 * MANY) == (True, True, len(changes))
    assert [f"slo/s{number}/page" for number in range(MANY)] == triggers(path)


def test_what_fails_in_between_is_told_by_the_next_evaluation(engines, all_fail, at, start, path):
    """A disk that is full after the first pages: those are out, the others follow when there is room, and none comes twice."""

    def full():
        engine._connection.execute("PRAGMA query_only = ON")

    engine = engines(on_queued=full)
    with pytest.raises(StoreError, match="can't be written"):
        engine.evaluate(at(all_fail), start)
    first = triggers(path)
    engine._connection.execute("PRAGMA query_only = OFF")
    engine._on_queued = lambda: None
    engine.evaluate(at(all_fail, 5), start + 5)
    assert (0 < len(first) < MANY, [f"slo/s{number}/page" for number in range(MANY)]) == (True, triggers(path))


def test_somebody_takes_an_alert_on_while_the_others_are_still_judged(engines, all_fail, at, start):
    """Who is woken by the first page waits for a few others to be written, not for all of them."""
    seen = []

    def take():
        if not seen:
            seen.append(len(engine.open))
            engine.acknowledge(next(iter(engine.open.by_key)), "ann", start + 3_600, "", start)

    engine = engines(on_queued=take)
    engine.evaluate(at(all_fail), start)
    taken = [each.alert.acknowledged.by for each in engine.open if each.alert.acknowledged]
    assert (True, ["ann"], 2 * MANY) == (seen[0] < MANY, taken, len(engine.open))
