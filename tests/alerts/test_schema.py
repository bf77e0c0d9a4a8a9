"""The tables of alerts, from one version to the next."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from fournines.alerts import AlertEngine, AlertKey, AlertKind, Receiver
from fournines.alerts.past_pages import past_pages
from fournines.alerts.schema import MIGRATIONS, connect

PAGE = AlertKey(AlertKind.PAGE, "payments-availability")


def test_what_was_open_before_stays_open_and_told(path, slo, at, world, start):
    """A ledger of the first version: its page goes on, is not told anew, and is still a page of its time."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in ("CREATE TABLE alerts_schema (version INTEGER NOT NULL) STRICT", *MIGRATIONS[0]):
            connection.execute(statement)
        connection.execute("INSERT INTO alerts_schema VALUES (1)")
        connection.execute(
            "INSERT INTO alert VALUES (7, 'page', ?, ?, 'payments', '{}', 'why', 'what', ?, NULL, 1, NULL)",
            (PAGE.name, PAGE.name, start - 60),
        )
        connection.execute(
            "INSERT INTO outbox (incident, receiver, dedup_key, action, notification, created, due, state)"
            " VALUES (7, 'hook', ?, 'trigger', '{}', ?, ?, 'delivered')",
            (PAGE.dedup, start - 60, start - 60),
        )
    engine = AlertEngine(path, [Receiver("hook")])
    world.failing = {(PAGE.name, each): 0.01 for each in ("5m", "1h")}
    changes = engine.evaluate(at([slo()]), start)
    page = engine.open.by_key[PAGE]
    engine.close()

    assert [] == changes
    assert (7, True, start - 60, start - 60, ()) == (page.number, page.told, page.told_at, page.began, page.notes)
    with closing(connect(path)) as connection:
        assert [start - 60] == [each.since for each in past_pages(connection, "", 0, start)]
