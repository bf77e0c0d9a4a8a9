"""An incident from its first page to its last word: taken on, escalated, opened again, silenced, and why."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

import pytest

from fournines.alerts import AlertKey, AlertKind, Notice, Reason, Receiver, UnknownAlert
from fournines.alerts.errors import Unacknowledged
from fournines.alerts.past_pages import past_pages
from fournines.alerts.schema import connect
from fournines.alerts.silences.hold import Hold
from fournines.slo import Severity

PAYMENTS = "payments-availability"
PAGE, TICKET = AlertKey(AlertKind.PAGE, PAYMENTS), AlertKey(AlertKind.TICKET, PAYMENTS)
SLOWLY = ("2h", "1d", "3d", "6h")
"""The windows of the ticket's rules; and of the page's slower one the longer, which alone fires nothing."""


@dataclass
class Switch:
    """Holds everything that matches while it is on."""

    on: bool = False
    kind: AlertKind | None = None

    def holding(self, alert, now):
        return Hold("silenced by ann: deploying", now + 60) if self.on and self.kind in (None, alert.key.kind) else None


@pytest.fixture
def silence():
    """Off until a test says otherwise."""
    return Switch()


@pytest.fixture
def engine(engines, silence):
    """An engine whose alerts the switch silences."""
    return engines(holder=silence)


@pytest.fixture
def judged(engine, slo, at, start):
    """Evaluates so many seconds after the start, and gives the changes: (kind, reason, notice)."""

    def judge(seconds, slos=None):
        changes = engine.evaluate(at(slos or [slo()], seconds), start + seconds)
        return [(change.alert.key.kind, change.reason, change.notice) for change in changes]

    return judge


@pytest.fixture
def fails(world):
    """Lets the page and the ticket burn, only the ticket (`slowly`), or nothing."""

    def fail(how=""):
        world.failing = {"": {}, "fast": {PAYMENTS: 0.01}, "slowly": {(PAYMENTS, each): 0.01 for each in SLOWLY}}[how]

    return fail


def sent(path, key=PAGE, receiver="hook"):
    """What a receiver was sent about an alert: (action, description)."""
    with sqlite3.connect(path) as connection:
        query = "SELECT action, notification FROM outbox WHERE dedup_key = ? AND receiver = ? ORDER BY id"
        rows = connection.execute(query, (key.dedup, receiver)).fetchall()
    connection.close()
    return [(action, json.loads(text)["annotations"]["description"]) for action, text in rows]


def actions(path, key=PAGE, receiver="hook"):
    """The actions alone."""
    return [action for action, _ in sent(path, key, receiver)]


def decided(engine, key):
    """What every stage said last: its name and its reason."""
    return {each.stage: each.reason for each in engine.open.by_key[key].decisions}


def test_every_stage_says_what_it_decided_and_why(engine, judged, fails):
    """From the condition to the telling, the last one with the last word."""
    fails("fast")
    judged(0)
    page, ticket = (each.as_json()["why"] for each in engine.open)
    assert [
        ("condition", "passes", "met; it fired because 1h and 5m burn above 14.4"),
        ("state", "passes", "fires since 2027-01-15T08:00:00Z"),
        ("route", "passes", "to hook"),
        ("silence", "passes", "nothing silences it"),
        ("inhibition", "passes", "nothing that is open says more"),
        ("acknowledgement", "passes", "nobody has acknowledged it"),
        ("telling", "told", "told at 2027-01-15T08:00:00Z"),
    ] == [(each["stage"], each["decision"], each["reason"]) for each in page]
    assert ("inhibition", "held", "held back by the page") == tuple(ticket[-1].values())[:3]


def test_a_decision_says_since_when_it_is_so(engine, judged, fails):
    """What a stage says again is not decided anew."""
    fails("fast")
    judged(0)
    judged(60)
    fails()
    judged(120)
    why = {each["stage"]: each["at"] for each in next(iter(engine.open)).as_json()["why"]}
    assert ("2027-01-15T08:00:00Z", "2027-01-15T08:02:00Z") == (why["route"], why["condition"])


def test_a_restart_still_answers_why(engine, engines, judged, fails, silence):
    """What was decided is in the file, a silence that changes nothing else included."""
    fails("fast")
    silence.on = True
    judged(0)
    silence.on = False
    engine.close()
    again = engines()
    assert "silenced by ann: deploying" == decided(again, PAGE)["silence"]
    assert engine.open == again.open


def test_an_evaluation_that_changes_nothing_writes_nothing(engine, judged, fails, monkeypatch):
    """However often the same is decided, the file is left alone."""
    fails("fast")
    judged(0)
    before = engine._connection.total_changes
    for seconds in range(5, 60, 5):
        judged(seconds)
    assert before == engine._connection.total_changes


def test_a_silenced_page_is_told_when_the_silence_is_over(engine, judged, fails, silence, path, start):
    """It is open all along, says who silenced it, and goes out with its true beginning."""
    fails("fast")
    silence.on = True
    assert (AlertKind.PAGE, Reason.FIRED, Notice.QUIET) == judged(0)[0]
    assert "silenced by ann: deploying" == next(iter(engine.open)).held_back
    assert [] == sent(path)
    silence.on = False
    assert [(AlertKind.PAGE, Reason.STILL_MET, Notice.TRIGGER)] == judged(60)
    assert start == engine.open.by_key[PAGE].firing.since


def test_a_silence_of_what_people_know_is_told_and_so_is_its_end(engine, judged, fails, silence, path):
    """Its receivers hear that it is quiet from now on; and again when it is over and still burns, once each."""
    fails("fast")
    judged(0)
    silence.on = True
    assert [(AlertKind.PAGE, Reason.STILL_MET, Notice.HUSHED)] == judged(60)
    assert [] == judged(65)
    silence.on = False
    assert [(AlertKind.PAGE, Reason.STILL_MET, Notice.AGAIN)] == judged(70)
    assert [] == judged(75)
    assert ["trigger", "update", "trigger"] == actions(path)
    assert "What kept it quiet is over: silenced by ann: deploying." in sent(path)[2][1]


def test_the_end_is_told_in_silence_too(judged, fails, silence, path):
    """Closing an incident disturbs nobody, and who was told of it must not wait for it."""
    fails("fast")
    judged(0)
    silence.on = True
    fails()
    judged(10)
    judged(310)
    assert ["trigger", "update", "resolve"] == actions(path)


def test_a_silenced_alert_that_ends_is_never_told(judged, fails, silence, path):
    """Nobody heard of its beginning."""
    fails("fast")
    silence.on = True
    judged(0)
    fails()
    judged(10)
    assert (AlertKind.PAGE, Reason.RESOLVED, Notice.NEVER_TOLD) == judged(310)[0]
    assert [] == sent(path)
    with sqlite3.connect(path) as connection:
        [(decisions,)] = connection.execute("SELECT decisions FROM alert WHERE kind = 'page'")
    connection.close()
    assert "clear for long enough; nobody was told: silenced by ann: deploying" in json.loads(decisions)[-1][2]


def test_the_log_says_what_holds_an_alert(engine, slo, at, fails, silence, start):
    """Its notice, and whose word that is."""
    fails("fast")
    silence.on = True
    page, _ = engine.evaluate(at([slo()]), start)
    assert str(page) == (
        "slo/payments-availability/page: its condition is met; not told: it is kept quiet (silenced by ann: deploying)"
    )


def test_who_takes_an_alert_on_is_told_to_those_who_know_of_it(engine, judged, fails, path, start):
    """By whom, until when, and what they said."""
    fails("fast")
    judged(0)
    engine.acknowledge(PAGE, "ann", start + 1800, "failing over", start + 5)
    assert [] == judged(10)
    assert ["trigger", "acknowledge"] == actions(path)
    assert "Acknowledged by ann until 2027-01-15T08:30:00Z: failing over." in sent(path)[1][1]
    shown = next(iter(engine.open)).as_json()
    assert {
        "by": "ann",
        "at": "2027-01-15T08:00:05Z",
        "until": "2027-01-15T08:30:00Z",
        "note": "failing over",
    } == shown["acknowledged"]
    assert ("acknowledgement", "held") == (shown["why"][-1]["stage"], shown["why"][-1]["decision"])
    assert not shown["inhibited"]


def test_a_page_that_was_taken_on_is_told_again_when_that_runs_out(
    engine, engines, judged, fails, path, at, slo, start
):
    """Once, if its condition is still met; a restart in between makes no difference."""
    fails("fast")
    judged(0)
    engine.acknowledge(PAGE, "ann", start + 1800, "", start + 5)
    judged(1795)
    engine.close()
    again = engines()
    again.evaluate(at([slo()], 1800), start + 1800)
    again.evaluate(at([slo()], 1805), start + 1805)
    assert ["trigger", "acknowledge", "trigger"] == actions(path)
    assert again.open.by_key[PAGE].acknowledged is None


def test_an_acknowledgement_outlasts_calm_but_not_the_end(engine, judged, fails, start):
    """While an alert is held it is still ann's; what comes back after its end is anybody's."""
    fails("fast")
    judged(0)
    engine.acknowledge(PAGE, "ann", start + 7200, "", start + 5)
    fails()
    judged(10)
    fails("fast")
    judged(200)
    assert "ann" == engine.open.by_key[PAGE].acknowledged.by
    fails()
    judged(210)
    judged(510)
    fails("fast")
    assert (AlertKind.PAGE, Reason.OPENED_AGAIN, Notice.TRIGGER) == judged(600)[0]
    assert engine.open.by_key[PAGE].acknowledged is None


def test_what_is_given_back_is_told_again(engine, judged, fails, path, start):
    """Nobody is on it any more, so somebody must hear of it."""
    fails("fast")
    judged(0)
    engine.acknowledge(PAGE, "ann", start + 7200, "", start + 5)
    engine.unacknowledge(PAGE, "bob", "ann is asleep", start + 10)
    judged(15)
    assert ["trigger", "acknowledge", "update", "trigger"] == actions(path)
    assert "No longer acknowledged, by bob: ann is asleep." in sent(path)[2][1]


def test_an_alert_taken_on_before_anybody_was_told_stays_quiet(engine, judged, fails, silence, path, start):
    """Whoever found it on the page has it; when they do not finish in time, it is told."""
    fails("fast")
    silence.on = True
    judged(0)
    engine.acknowledge(PAGE, "ann", start + 600, "", start + 5)
    silence.on = False
    judged(10)
    assert [] == sent(path)
    judged(600)
    assert ["trigger"] == actions(path)


def test_of_an_opening_that_nobody_was_told_of_nobody_hears(engine, judged, fails, silence, path, start):
    """Those who were told of the one before think that it is over."""
    fails("fast")
    judged(0)
    fails()
    judged(10)
    judged(310)
    fails("fast")
    silence.on = True
    judged(400)
    engine.acknowledge(PAGE, "ann", start + 7200, "", start + 410)
    engine.note(PAGE, "ann", "on it", start + 411)
    assert ["trigger", "resolve"] == actions(path)


def test_a_page_that_nobody_takes_on_is_told_again_every_hour(judged, fails, path):
    """Only pages, only while they burn."""
    fails("fast")
    for seconds in range(0, 7300, 100):
        judged(seconds)
    assert ["trigger"] * 3 == actions(path)
    assert "Nobody has acknowledged it; it fires since 2027-01-15T08:00:00Z." in sent(path)[1][1]
    fails("slowly")
    for seconds in range(7300, 20_000, 100):
        judged(seconds)
    assert [3, 1] == [actions(path, key).count("trigger") for key in (PAGE, TICKET)]


def test_notes_stay_with_the_incident(engine, engines, judged, fails, path, start):
    """Those who know of it read them, whoever looks later as well."""
    fails("fast")
    judged(0)
    engine.note(PAGE, "ann", "failed over to the replica", start + 5)
    engine.close()
    shown = next(iter(engines().open)).as_json()
    assert [{"at": "2027-01-15T08:00:05Z", "by": "ann", "text": "failed over to the replica"}] == shown["notes"]
    assert "Note by ann: failed over to the replica" in sent(path)[1][1]
    assert "update" == actions(path)[1]


def test_what_is_not_open_can_not_be_taken_on(engine, start):
    """It may have ended a moment ago."""
    with pytest.raises(UnknownAlert, match="no alert slo/payments-availability/page is open"):
        engine.acknowledge(PAGE, "ann", start + 60, "", start)


def test_what_nobody_has_taken_on_can_not_be_given_back(engine, judged, fails, start, path):
    """Nobody hears of it, since nothing changed."""
    fails("fast")
    judged(0)
    with pytest.raises(Unacknowledged, match="nobody has acknowledged slo/payments-availability/page"):
        engine.unacknowledge(PAGE, "ann", "", start)
    assert ["trigger"] == actions(path)


def test_what_people_do_and_its_line_of_the_audit_log_are_one_transaction(engines, slo, at, fails, start, path):
    """A log that can't be written leaves the alert as it was, and nobody hears of it."""
    lines, full = [], False

    def audit(connection, line):
        assert connection.in_transaction
        if full:
            raise sqlite3.OperationalError("database or disk is full")
        lines.append((line.author, line.action, line.subject, line.reason))

    engine = engines(audit=audit)
    fails("fast")
    engine.evaluate(at([slo()]), start)
    engine.acknowledge(PAGE, "ann", start + 60, "on it", start)
    full = True
    with pytest.raises(Exception, match="full"):
        engine.note(PAGE, "ann", "more", start)
    assert [("ann", "alert.acknowledge", PAGE.dedup, "on it")] == lines
    assert (("acknowledge", ()), "ann") == (
        (actions(path)[-1], engine.open.by_key[PAGE].notes),
        engine.open.by_key[PAGE].acknowledged.by,
    )


def test_a_ticket_that_becomes_a_page_says_so_and_goes_on_after_it(engine, judged, fails, path, start):
    """The page says what it escalates; the ticket's thread that it is a page now, and that the page is over. One incident for people."""
    fails("slowly")
    judged(0)
    fails("fast")
    assert [
        (AlertKind.PAGE, Reason.FIRED, Notice.TRIGGER),
        (AlertKind.TICKET, Reason.STILL_MET, Notice.ESCALATED),
    ] == judged(600)
    assert start == engine.open.by_key[PAGE].escalated_since
    assert [] == judged(605)
    fails("slowly")
    judged(610)
    assert [
        (AlertKind.PAGE, Reason.RESOLVED, Notice.RESOLVE),
        (AlertKind.TICKET, Reason.STILL_MET, Notice.GOES_ON),
    ] == judged(910)
    assert ["trigger", "update", "update"] == actions(path, TICKET)
    assert ["trigger", "resolve"] == actions(path)


def test_a_page_remembers_which_ticket_it_made_urgent(engine, judged, fails, world, start):
    """However long that is over when the page is told again."""
    fails("slowly")
    judged(0)
    fails("fast")
    judged(600)
    world.failing = {(PAYMENTS, each): 0.01 for each in ("5m", "1h")}
    for seconds in (610, 910, 4300):
        judged(seconds)
    assert [PAGE] == list(engine.open.by_key)
    assert (start, start + 4300) == (engine.open.by_key[PAGE].escalated_since, engine.open.by_key[PAGE].told_at)


def test_whoever_has_the_ticket_does_not_have_the_page(engine, judged, fails, path, start):
    """An acknowledgement ends with the escalation: the page wakes somebody all the same."""
    fails("slowly")
    judged(0)
    engine.acknowledge(TICKET, "ann", start + 80_000, "", start + 5)
    fails("fast")
    judged(600)
    assert engine.open.by_key[TICKET].acknowledged is None
    assert ["trigger"] == actions(path)


def test_a_ticket_may_be_taken_on_while_its_page_fires(engine, judged, fails, path, start):
    """Whoever says so then has it, and hears once that it goes on; that it is a page now is not told a second time."""
    fails("slowly")
    judged(0)
    fails("fast")
    judged(600)
    engine.acknowledge(TICKET, "ann", start + 80_000, "", start + 605)
    assert [] == judged(610)
    assert "ann" == engine.open.by_key[TICKET].acknowledged.by
    assert ["trigger", "update", "acknowledge"] == actions(path, TICKET)


def test_a_silenced_page_escalates_nothing(engine, judged, fails, silence):
    """Nobody is told that it is one; when they are, the ticket says so as well."""
    silence.kind = AlertKind.PAGE
    fails("slowly")
    judged(0)
    fails("fast")
    silence.on = True
    assert [(AlertKind.PAGE, Reason.FIRED, Notice.QUIET)] == judged(600)
    silence.on = False
    assert [Notice.TRIGGER, Notice.ESCALATED] == [notice for *_, notice in judged(700)]


def test_a_page_inhibits_a_ticket_that_is_to_be_told_again(engine, judged, fails, silence):
    """As one that was never told: whoever silenced the page meant what burns."""
    fails("slowly")
    judged(0)
    silence.on = True
    judged(10)
    fails("fast")
    judged(20)
    silence.kind = AlertKind.PAGE
    assert [] == judged(30)
    assert "held back by the page" == decided(engine, TICKET)["inhibition"]


def test_an_alert_that_comes_back_within_ten_minutes_is_the_same_incident(
    engine, engines, judged, fails, path, start, at, slo
):
    """Its number stays, how often and since when is counted, and it is told: somebody thinks that it is over."""
    fails("fast")
    judged(0)
    number = engine.open.by_key[PAGE].number
    fails()
    judged(10)
    judged(310)
    engine.close()
    again = engines()
    fails("fast")
    again.evaluate(at([slo()], 900), start + 900)
    page = again.open.by_key[PAGE]
    assert (number, 1, 1, start, start + 900) == (
        page.number,
        page.opened_again,
        page.flaps,
        page.began,
        page.firing.since,
    )
    assert ["trigger", "resolve", "trigger"] == actions(path)
    assert "opened again once since 2027-01-15T08:00:00Z, met again once" in decided(again, PAGE)["state"]
    again.close()
    assert page == engines().open.by_key[PAGE]


def test_an_incident_that_comes_back_twice_began_when_it_first_did(engine, judged, fails, start):
    """Its openings are counted from there; what was noted stays."""
    fails("fast")
    judged(0)
    engine.note(PAGE, "ann", "restarted it", start + 1)
    for seconds in (900, 1800):
        fails()
        judged(seconds - 600)
        judged(seconds - 300)
        fails("fast")
        judged(seconds)
    page = engine.open.by_key[PAGE]
    assert (start, start + 1800, 2, "restarted it") == (
        page.began,
        page.firing.since,
        page.opened_again,
        page.notes[0].text,
    )


def test_each_opening_is_a_page_of_its_own_to_who_asks_what_a_release_did(judged, fails, path, start):
    """The release that was rolled back ended one, the next may have begun another."""
    for seconds in (0, 400):
        fails("fast")
        judged(seconds)
        fails()
        judged(seconds + 10)
        judged(seconds + 310)
    connection = connect(path)
    found = past_pages(connection, "payments", start, start + 9000)
    connection.close()
    assert [(start, start + 310), (start + 400, start + 710)] == [(page.since, page.resolved) for page in found]


def test_an_alert_that_comes_back_later_is_another_incident(engine, judged, fails):
    """Ten minutes after its end it is over for good."""
    fails("fast")
    judged(0)
    number = engine.open.by_key[PAGE].number
    fails()
    judged(10)
    judged(310)
    fails("fast")
    judged(910)
    page = engine.open.by_key[PAGE]
    assert page.number > number
    assert (0, 0) == (page.opened_again, page.flaps)


def test_flaps_are_counted(engine, judged, fails):
    """Each time that its condition is met again while it is held."""
    for number in range(7):
        fails("fast" if number % 2 == 0 else "")
        judged(number * 60)
    assert 3 == engine.open.by_key[PAGE].flaps


def test_a_page_that_no_receiver_takes_hides_no_ticket(engines, slo, at, fails, start, path):
    """Else nobody would hear anything of it."""
    engine = engines([Receiver("office", frozenset({Severity.TICKET}))])
    fails("fast")
    engine.evaluate(at([slo()]), start)
    assert "not office: it is told of tickets only" == decided(engine, PAGE)["route"]
    assert ["trigger"] == actions(path, TICKET, "office")


def test_without_receivers_nobody_was_told(engines, slo, at, fails, start, path):
    """Who comes to have one hears of what still burns."""
    first = engines([])
    fails("fast")
    first.evaluate(at([slo()]), start)
    assert "no receiver is configured" == decided(first, PAGE)["telling"]
    assert [False, True] == [each.inhibited for each in first.open]
    first.close()
    engines().evaluate(at([slo()], 60), start + 60)
    assert ["trigger"] == actions(path)


def test_a_page_that_is_to_be_told_again_waits_for_what_its_slo_depends_on(
    engines, slo, at, world, silence, start, path
):
    """The silence is over, but what is wrong is elsewhere by now."""
    slos = [slo("edge", "edge", depends_on=("database",)), slo("database", "database")]
    engine, edge = engines(holder=silence), AlertKey(AlertKind.PAGE, "edge")
    world.failing = {"edge": 0.5}
    engine.evaluate(at(slos), start)
    silence.on = True
    engine.evaluate(at(slos, 5), start + 5)
    world.failing, silence.on = {"edge": 0.5, "database": 0.5}, False
    engine.evaluate(at(slos, 10), start + 10)
    assert ["trigger", "update"] == actions(path, edge)
    assert decided(engine, edge)["inhibition"].startswith("held back: depends on database")


def test_what_ended_long_ago_is_forgotten_with_its_notes(engine, judged, fails, path, start):
    """After 400 days, as the coarsest counts."""
    day = 86_400
    fails("fast")
    judged(0)
    engine.note(PAGE, "ann", "restarted it", start + 1)
    fails()
    judged(10)
    judged(310)
    fails("fast")
    judged(400 * day)
    fails()
    judged(400 * day + 20)
    judged(400 * day + 320)
    with sqlite3.connect(path) as connection:
        tables = ("alert", "alert_opening", "alert_note")
        kept = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    connection.close()
    assert [2, 2, 0] == kept


def test_alerts_are_found_by_number_and_by_key(engine, judged, fails):
    """As people read them off a message."""
    fails("fast")
    judged(0)
    assert [PAGE, TICKET, None] == [engine.open.find(each) for each in ("1", TICKET.dedup, "99")]
