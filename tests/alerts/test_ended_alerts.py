"""Alerts that are over: which are kept, in which order they are read, and what people say of them."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts import AlertEngine, AlertKey, AlertKind, AlertVerdict, UnknownAlert, ended_alert, ended_alerts
from fournines.alerts import store as store_module
from fournines.alerts.schema import MIGRATIONS, connect

PAYMENTS = "payments-availability"
PAGE = AlertKey(AlertKind.PAGE, PAYMENTS)
EVER = 2.0**40


@pytest.fixture
def engine(engines):
    """One receiver, nothing open."""
    return engines()


@pytest.fixture
def outage(engine, world, slo, at, start):
    """A page of 300 s, `seconds` after the start: its number."""

    def happen(seconds, name=PAYMENTS, service="payments"):
        world.failing = {name: 0.01}
        slos = [slo(name, service)]
        engine.evaluate(at(slos, seconds), start + seconds)
        number = engine.open.by_key[AlertKey(AlertKind.PAGE, name)].number
        world.failing = {}
        engine.evaluate(at(slos, seconds + 10), start + seconds + 10)
        engine.evaluate(at(slos, seconds + 310), start + seconds + 310)
        assert not engine.open.by_key
        return number

    return happen


@pytest.fixture
def pages(path, start):
    """The ended pages of a time, as seconds after the start."""

    def asked(since=0.0, until=EVER, **more):
        with closing(connect(path)) as connection:
            found = ended_alerts(connection, start + since, start + until, **more)
        return [each for each in found if each.alert.key.kind is AlertKind.PAGE]

    return asked


def test_what_is_open_is_not_among_those_that_are_over(engine, world, slo, at, start, pages, path):
    """And has no end to be found by its number."""
    world.failing = {PAYMENTS: 0.01}
    engine.evaluate(at([slo()]), start)
    with closing(connect(path)) as connection:
        assert ended_alert(connection, engine.open.by_key[PAGE].number) is None
    assert [] == pages(-EVER)


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (0, 1, True),
        (310, 311, True),
        (310.5, 400, False),
        (-100, 0, False),
        (-100, 0.5, True),
        (100, 200, True),
    ],
)
def test_an_alert_belongs_to_every_time_in_which_it_was_open(outage, pages, since, until, found):
    """From its beginning to its end: at neither side is a month's report one short."""
    outage(0)
    assert found is bool(pages(since, until))


def test_an_ended_alert_says_what_happened_to_it(outage, pages, path, start, engine):
    """Since when, how long, how urgent, and that people were told."""
    number = outage(0)
    (page,) = pages()
    assert (number, start, start + 310, 310.0, True) == (
        page.alert.number,
        page.alert.began,
        page.ended,
        page.seconds,
        page.alert.told,
    )
    said = page.as_json()
    assert ("ended", "page", 310.0, "2027-01-15T08:05:10Z") == (
        said["state"],
        said["severity"],
        said["duration_seconds"],
        said["ended"],
    )
    assert (None, None, []) == (said["answered"], said["verdict"], said["notes"])
    assert "1h and 5m burn above 14.4" in said["reason"]
    with closing(connect(path)) as connection:
        assert page == ended_alert(connection, number)


def test_the_last_to_end_comes_first_and_pages_of_a_list_hold_each_once(outage, pages):
    """However many are read at a time."""
    numbers = [outage(seconds) for seconds in (0, 2_000, 4_000, 6_000, 8_000)]
    whole = pages()
    assert numbers[::-1] == [each.alert.number for each in whole]
    read, place = [], None
    while found := pages(before=place, limit=3):
        read += found
        place = found[-1].place
    assert whole == read


def test_alerts_of_one_slo_or_one_service_can_be_asked_for(outage, pages):
    """Either name alone, or both."""
    outage(0)
    outage(2_000, "carts-availability", "carts")
    assert ["carts-availability"] == [each.alert.slo for each in pages(service="carts")]
    assert [PAYMENTS] == [each.alert.slo for each in pages(slo=PAYMENTS)]
    assert [] == pages(slo=PAYMENTS, service="carts")


def test_who_took_it_on_first_stays_known(engine, world, slo, at, start, pages):
    """Given back, taken on by another, run out: how soon somebody was there is read from the first."""
    world.failing = {PAYMENTS: 0.01}
    engine.evaluate(at([slo()]), start)
    engine.acknowledge(PAGE, "ann", start + 600, "on it", start + 40)
    engine.unacknowledge(PAGE, "ann", "", start + 60)
    engine.acknowledge(PAGE, "ben", start + 200, "", start + 100)
    world.failing = {}
    for seconds in (300, 600):
        engine.evaluate(at([slo()], seconds), start + seconds)
    (page,) = pages()
    assert page.alert.acknowledged is None
    assert ("ann", start + 40) == (page.answered.by, page.answered.at)
    assert "ann" == page.as_json()["answered"]["by"]


def test_one_that_is_opened_again_is_over_no_more(engine, world, slo, at, start, outage, pages):
    """And then lasted from its first beginning; what was said of it stays."""
    number = outage(0)
    engine.judge_ended(number, AlertVerdict(True, "ann", start + 320))
    world.failing = {PAYMENTS: 0.01}
    engine.evaluate(at([slo()], 400), start + 400)
    assert [] == pages()
    assert number == outage(410)
    (page,) = pages()
    assert (start, 720.0, 1, True) == (page.alert.began, page.seconds, page.alert.opened_again, page.verdict.useful)


def test_an_alert_that_is_over_is_useful_or_not_by_the_last_word(engine, outage, start, pages):
    """Who changes their mind is believed."""
    number = outage(0)
    engine.judge_ended(number, AlertVerdict(True, "ann", start + 400))
    answered = engine.judge_ended(number, AlertVerdict(False, "ben", start + 500, "a test"))
    (page,) = pages()
    assert answered == page
    assert "not useful, says ben: a test" == page.verdict.words
    assert {"useful": False, "by": "ben", "at": "2027-01-15T08:08:20Z", "note": "a test"} == page.as_json()["verdict"]


def test_a_verdict_stands_in_the_audit_log(engines, world, slo, at, start):
    """Written in the same transaction."""
    lines = []
    engine = engines(audit=lambda connection, line: lines.append((connection.in_transaction, line)))
    world.failing = {PAYMENTS: 0.01}
    engine.evaluate(at([slo()]), start)
    number = engine.open.by_key[PAGE].number
    world.failing = {}
    for seconds in (10, 310):
        engine.evaluate(at([slo()], seconds), start + seconds)
    engine.judge_ended(number, AlertVerdict(False, "ann", start + 400, "noise"))
    ((inside, line),) = lines
    assert (True, "alert.verdict", "ann", PAGE.dedup, "noise", {"useful": False, "incident": number}) == (
        inside,
        line.action,
        line.author,
        line.subject,
        line.reason,
        line.detail,
    )


def test_only_what_is_over_is_judged(engine, world, slo, at, start):
    """What is open may yet turn out to be anything; what never was is nothing."""
    world.failing = {PAYMENTS: 0.01}
    engine.evaluate(at([slo()]), start)
    for number in (engine.open.by_key[PAGE].number, 99):
        with pytest.raises(UnknownAlert):
            engine.judge_ended(number, AlertVerdict(True, "ann", start))


def test_the_newest_incidents_are_kept_and_what_is_open(monkeypatch, path, engines, world, slo, at, start, pages):
    """A year of flapping does not grow without end: the oldest go, with their notes and openings; one that is open stays."""
    monkeypatch.setattr(store_module, "MOST_KEPT", 3)
    engine = engines()
    old = slo("old")
    world.failing = {"old": 0.01}
    engine.evaluate(at([old]), start)
    for seconds in range(0, 8_000, 2_000):
        world.failing = {"old": 0.01, PAYMENTS: 0.01}
        engine.evaluate(at([old, slo()], seconds), start + seconds)
        engine.note(PAGE, "ann", "again", start + seconds)
        world.failing = {"old": 0.01}
        for later in (10, 310):
            engine.evaluate(at([old, slo()], seconds + later), start + seconds + later)
    kept = {each.alert.number for each in pages()}
    assert AlertKey(AlertKind.PAGE, "old") in engine.open.by_key
    assert len(kept) < 4
    with closing(sqlite3.connect(path)) as connection:
        numbers = {row[0] for row in connection.execute("SELECT number FROM alert")}
        openings = {row[0] for row in connection.execute("SELECT incident FROM alert_opening")}
        notes = {row[0] for row in connection.execute("SELECT incident FROM alert_note")}
    assert openings == numbers
    assert kept == notes


def test_who_had_taken_it_on_in_a_former_ledger_is_the_first_that_is_known(path, start):
    """Of what was before the first was written down."""
    taken = '{"by": "ann", "at": 1.0, "until": 2.0, "note": ""}'
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE alerts_schema (version INTEGER NOT NULL) STRICT")
        for statement in itertools.chain(*MIGRATIONS[:2]):
            connection.execute(statement)
        connection.execute("INSERT INTO alerts_schema VALUES (2)")
        connection.execute(
            "INSERT INTO alert (kind, name, slo, service, labels, reason, summary, since, told, resolved, acknowledged)"
            " VALUES ('page', 'a', 'a', 's', '{}', 'why', 'what', ?, 1, ?, ?)",
            (start, start + 60, taken),
        )
    with closing(connect(path)) as connection:
        (found,) = ended_alerts(connection, 0, EVER)
    assert ("ann", None, 60.0) == (found.answered.by, found.verdict, found.seconds)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12), st.integers(0, 50), st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_a_time_holds_what_was_open_in_it_whatever_else_there_was(spans, since, length):
    """The same as asking each; also where the clock was set back, and it ended before it began."""
    with closing(connect(":memory:")) as connection:
        connection.executemany(
            "INSERT INTO alert (kind, name, slo, service, labels, reason, summary, since, told, resolved)"
            " VALUES ('page', ?, 'a', 's', '{}', '', '', ?, 1, ?)",
            [(str(number), began, ended) for number, (began, ended) in enumerate(spans)],
        )
        found = ended_alerts(connection, since, since + length)
    expected = [
        (ended, number) for number, (began, ended) in enumerate(spans, 1) if ended >= since and began < since + length
    ]
    assert sorted(expected, reverse=True) == [tuple(each.place) for each in found]
    assert all(each.seconds >= 0 for each in found)


def test_an_engine_opens_a_ledger_that_a_former_version_wrote(path):
    """Its alerts are read by today's columns."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE alerts_schema (version INTEGER NOT NULL) STRICT")
        for statement in itertools.chain(*MIGRATIONS[:2]):
            connection.execute(statement)
        connection.execute("INSERT INTO alerts_schema VALUES (2)")
    engine = AlertEngine(path)
    engine.close()
    with closing(connect(path)) as connection:
        assert [] == ended_alerts(connection, 0, EVER)
