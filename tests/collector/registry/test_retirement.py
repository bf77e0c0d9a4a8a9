"""Services that nobody hears any more go, and leave room for others; what anybody still counts by stays."""

from __future__ import annotations

import sqlite3

import pytest

from fournines.collector import Counters, Signal
from fournines.collector.books.books import Books
from fournines.collector.ledger.buckets import Booked
from fournines.collector.ledger.ledger import Ledger
from fournines.collector.ledger.verify import verify
from fournines.collector.registry import services as services_module
from fournines.collector.senders.service_version import ServiceVersion
from fournines.slo import DAY, HOUR, Origin

GONE = 37 * DAY


@pytest.fixture
def sent(otlp, span):
    """Sends spans of a service, and waits until they are counted."""

    def send(collector, service, now, count=1):
        collector.accept(Signal.TRACES, otlp.spans(*[span(now)] * count, service=service), now).result()

    return send


def listen(collector, now, seconds=HOUR + 900):
    """Lets the collector listen without a break, long enough to know who is gone; returns the second it is then."""
    for passed in range(0, seconds, 30):
        collector.tick(now + passed)
    return now + seconds


def services(collector):
    """Those with automatic SLOs."""
    return {slo.sli.service for slo in collector.slos if slo.origin is Origin.AUTOMATIC}


def totals(collector):
    """Events of each SLO."""
    return {name: total for name, (_, total, _) in collector.totals().items()}


def kept(collector, sql):
    """What the collector's ledger holds."""
    return kept_in(collector.ledger, sql)


def kept_in(ledger, sql):
    """What a ledger holds."""
    connection = sqlite3.connect(ledger.path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_service_that_is_gone_leaves_its_room(opened, sent, now, monkeypatch):
    """Unheard for longer than its counts matter it goes, SLOs, row, days and all; who was heard stays, and who is new has room."""
    monkeypatch.setattr(services_module, "MOST_SERVICES", 2)
    collector = opened()
    for service in ("gone", "stays", "overflows"):
        sent(collector, service, now)
    collector.tick(now + 61)
    sent(collector, "stays", now + 30 * DAY)
    before = listen(collector, now + GONE - HOUR * 2, HOUR)
    assert {"gone", "stays"} == services(collector)
    sent(collector, "stays", now + GONE, 4)
    now = listen(collector, before)
    assert {"stays"} == services(collector)
    sent(collector, "overflows", now)
    now = listen(collector, now, 600)
    collector.close()

    assert {"stays", "overflows"} == services(opened(now=now))
    assert {"stays": 6, "overflows": 1} == {
        name.removesuffix("-availability"): total
        for name, total in totals(collector).items()
        if name.endswith("availability")
    }
    assert [("overflows",), ("stays",)] == kept(collector, "SELECT name FROM service ORDER BY name")
    assert 1.0 == collector.counters.registry.get_sample_value("fournines_services_retired_total")
    assert verify(collector.ledger.path.parent).sound


def test_files_slos_of_a_service_that_is_gone_stay(opened, sent, slo, now):
    """With their counts: those of another name, and those that took an automatic one's name and counts over."""
    mine = [slo("mine", "gone"), slo("gone-availability", "gone")]
    collector = opened(mine)
    sent(collector, "gone", now, 3)
    collector.tick(now + 61)
    sent(collector, "lives", now + GONE)
    now = listen(collector, now + GONE)

    assert {"lives"} == services(collector)
    assert {"mine": 3, "gone-availability": 3} == {
        name: totals(collector)[name] for name in ("mine", "gone-availability")
    }
    assert "gone-latency" not in totals(collector)
    collector.close()
    collector = opened(mine, now=now)
    assert {"mine": 3, "gone-availability": 3} == {
        name: totals(collector)[name] for name in ("mine", "gone-availability")
    }
    sent(collector, "gone", now)
    assert {"mine": 4, "gone-availability": 4} == {
        name: totals(collector)[name] for name in ("mine", "gone-availability")
    }
    assert "gone" in services(collector)


def test_who_was_gone_and_comes_again_begins_anew(opened, sent, now):
    """As a service heard for the first time: with nothing of what it once was, and with what it sends."""
    collector = opened()
    sent(collector, "payments", now, 5)
    collector.tick(now + 61)
    sent(collector, "lives", now + GONE)
    now = listen(collector, now + GONE)
    sent(collector, "payments", now, 2)
    now = listen(collector, now, 90)

    assert 2 == totals(collector)["payments-availability"]


@pytest.mark.parametrize("restarts", [False, True])
def test_signs_of_life_alone_keep_a_service(opened, otlp, sent, now, restarts):
    """Nobody calls it for two months, and still it reports: it stays, and through a restart, as what was counted does."""
    collector = opened()
    sent(collector, "quiet", now)
    collector.tick(now + 61)
    for day in (20, 40, 60):
        at = now + day * DAY
        collector.accept(Signal.METRICS, otlp.points(service="quiet", up=True, at=at), at).result()
        sent(collector, "lives", at)
        listen(collector, at)
    at = now + 60 * DAY + 2 * HOUR
    if restarts:
        collector.close()
        collector = opened(now=at)
    listen(collector, at + 30 * DAY)
    assert 1 == totals(collector)["quiet-availability"]


def test_after_a_break_of_its_own_a_collector_hears_first(opened, sent, now):
    """Down for two months it knows nothing: for an hour nobody goes, and who reports in it stays for good."""
    collector = opened()
    for service in ("gone", "stays"):
        sent(collector, service, now)
    collector.tick(now + 61)
    collector.close()
    now += 60 * DAY
    collector = opened(now=now)
    sent(collector, "stays", now + 10)
    now = listen(collector, now, HOUR - 60)
    assert {"gone", "stays"} == services(collector)
    listen(collector, now)

    assert {"stays"} == services(collector)


def test_a_clock_that_jumped_ahead_makes_nobody_go(opened, sent, now):
    """Time passes as far as events came: a year that nothing happened in is a clock's fault."""
    collector = opened()
    sent(collector, "payments", now)
    collector.tick(now + 61)
    listen(collector, now + 365 * DAY)

    assert {"payments"} == services(collector)


def test_who_is_heard_in_the_transaction_of_his_going_stays(tmp_path, now):
    """An export beside the tick that would let its service go keeps it: no acknowledged event is booked in a row that goes."""
    ledger = Ledger(tmp_path / "data", now)
    books = Books(ledger, Counters(), now)

    def count(service, second):
        books.introduce(service, second, metrics=True, spans=False)
        row = books.registry.judges(service)[0].row
        books.book((row,), int(second) // 10 * 10, Booked(1, 1), int(second), second, ServiceVersion("payments"))

    for service in ("payments", "gone"):
        books.introduce(service, now, metrics=True, spans=False)
        count(service, now)
    books.commit()
    at = now + GONE + 2 * HOUR
    for passed in range(2 * HOUR, -1, -30):
        books.senders.listen(at - passed)
    count("lives", at)
    books.commit()
    count("payments", at)
    books.retire(at)
    books.commit()
    books.close()

    assert [("lives",), ("payments",)] == kept_in(ledger, "SELECT name FROM service ORDER BY name")
    assert [("lives", 1), ("payments", 2)] == [
        (name.removesuffix("-availability"), total)
        for name, total in kept_in(ledger, "SELECT name, total FROM slo WHERE total > 0 ORDER BY name")
    ]


def test_a_ledger_that_does_not_know_when_services_were_heard_is_dated(opened, sent, now):
    """A ledger of an older version lets nobody go for what it never wrote down: 37 days begin when it is first looked at."""
    collector = opened()
    sent(collector, "old", now)
    collector.tick(now + 61)
    collector.close()
    connection = sqlite3.connect(collector.ledger.path)
    with connection:
        connection.execute("UPDATE service SET heard = 0")
        connection.execute("DELETE FROM sender")
    connection.close()
    now += GONE + DAY
    collector = opened(now=now)
    sent(collector, "lives", now)
    now = listen(collector, now)
    assert {"lives", "old"} == services(collector)
    sent(collector, "lives", now + GONE)
    listen(collector, now + GONE)

    assert {"lives"} == services(collector)
