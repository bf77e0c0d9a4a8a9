"""What was held is told when nothing holds it any more, and says since when; the engine and all who hold, together."""

from __future__ import annotations

import json
import sqlite3
from datetime import time

from fournines.alerts.matching import Matchers
from fournines.alerts.silences.maintenance import Maintenance, MaintenanceWindow
from fournines.alerts.silences.quiet_hours import QuietHours
from fournines.alerts.silences.silence import Silence
from fournines.alerts.silences.silencer import Silencer
from fournines.slo import Correction
from fournines.slo.hours import Hours

PAYMENTS = "payments-availability"


def told(path):
    """What was put into the outbox: (action, when it fired), the oldest first."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT action, notification FROM outbox ORDER BY id").fetchall()
    connection.close()
    return [(action, json.loads(text)["starts_at"]) for action, text in rows]


def rounds(engine, at, slo, start, *seconds):
    """Evaluates so many seconds after the start."""
    for each in seconds:
        engine.evaluate(at([slo()], each), start + each)


def reason(engine):
    """Why nobody is told of the first open alert."""
    return next(iter(engine.open)).held_back


def test_a_ticket_of_the_night_is_told_in_the_morning(engines, slo, at, world, start, path):
    """Once, and with the moment of the night at which it began."""
    world.failing[PAYMENTS] = 0.0003
    engine = engines(holder=QuietHours([Hours(time(7), time(9))]))  # it is eight
    rounds(engine, at, slo, start, 0, 3_599)
    assert [] == told(path)
    assert "quiet hours until 2027-01-15T09:00:00Z" == reason(engine)
    rounds(engine, at, slo, start, 3_600, 3_605)

    assert [("trigger", start)] == told(path)


def test_a_ticket_that_is_over_before_the_morning_is_told_to_nobody(engines, slo, at, world, start, path):
    """Nor is its end."""
    world.failing[PAYMENTS] = 0.0003
    engine = engines(holder=QuietHours([Hours(time(7), time(9))]))
    rounds(engine, at, slo, start, 0)
    world.failing.clear()
    rounds(engine, at, slo, start, 60, 400, 3_700)

    assert [] == told(path)
    assert 0 == len(engine.open)


def test_a_page_waits_for_the_last_of_all_who_hold_it(engines, silences, slo, at, world, start, path):
    """By hand, then for maintenance; each says so, and then it is told with since when."""
    world.failing[PAYMENTS] = 0.01
    kept, service = silences(), Matchers.of({"service": "payments"})
    patches = Correction(int(start), 900, "patches", "ops")
    engine = engines(holder=Silencer(kept, Maintenance([MaintenanceWindow(service, patches)])))
    kept.add(Silence(service, start, start + 300, "ann", "deploying"), start)
    rounds(engine, at, slo, start, 0, 299)
    by_hand = reason(engine)
    rounds(engine, at, slo, start, 300, 899)
    planned = reason(engine)
    assert [] == told(path)
    rounds(engine, at, slo, start, 900)

    assert [("trigger", start)] == told(path)
    assert "silenced by ann until 2027-01-15T08:05:00Z: deploying" == by_hand
    assert "maintenance until 2027-01-15T08:15:00Z: patches" == planned
