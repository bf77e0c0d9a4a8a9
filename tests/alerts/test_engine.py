"""From an evaluation to alerts, and to what is told of them."""

from __future__ import annotations

import dataclasses
import sqlite3

import pytest

from fournines.alerts import (
    Action,
    AlertEngine,
    AlertKey,
    AlertKind,
    InvalidReceiver,
    Notice,
    Outbox,
    Reason,
    Receiver,
    StoreError,
)
from fournines.slo import SLI, SLO, WORKBOOK, Evaluator, Objective, Severity, SLIKind, SpanKind, State, Window

PAYMENTS = "payments-availability"


def told(path, receiver="hook"):
    """What waits in the outbox for a receiver, all of it: (action, dedup key)."""
    with sqlite3.connect(path) as connection:
        query = "SELECT action, dedup_key FROM outbox WHERE receiver = ? ORDER BY id"
        rows = connection.execute(query, (receiver,)).fetchall()
    connection.close()
    return rows


def kinds(engine):
    """The kinds of the open alerts."""
    return [key.kind for key in engine.open.by_key]


def since(engine, name):
    """When the state of an SLO began, whichever it is in."""
    return next((began for state in State if (began := engine.since(name, state)) is not None), None)


def test_nothing_is_wrong_and_nothing_happens(engines, slo, at):
    """A healthy SLO has no alert, and an evaluation of it changes nothing."""
    engine = engines()
    assert [] == engine.evaluate(at([slo()]), 0)
    assert not engine.open


def test_a_page_fires_at_the_first_evaluation_that_meets_its_condition(engines, slo, at, world, start, path):
    """No waiting: the first round that sees both windows burn stores the alert and the message to its receiver."""
    world.failing[PAYMENTS] = 0.01
    engine = engines()
    changes = engine.evaluate(at([slo()]), start)
    assert "slo/payments-availability/page: its condition is met; told: it fires" == str(changes[0])
    assert [(AlertKind.PAGE, Reason.FIRED, Notice.TRIGGER), (AlertKind.TICKET, Reason.FIRED, Notice.INHIBITED)] == [
        (change.alert.key.kind, change.reason, change.notice) for change in changes
    ]
    assert [("trigger", "slo/payments-availability/page")] == told(path)


def test_it_is_told_once(engines, slo, at, world, start, path):
    """However often the condition is found met, its receivers are told once."""
    world.failing[PAYMENTS] = 0.01
    engine = engines()
    for seconds in range(0, 600, 5):
        engine.evaluate(at([slo()], seconds), start + seconds)
    assert [("trigger", "slo/payments-availability/page")] == told(path)


def test_it_resolves_after_five_minutes_of_calm_under_the_same_key(engines, slo, at, world, start, path):
    """The end goes out under the key of the beginning, five minutes after the condition cleared, and not before."""
    world.failing[PAYMENTS] = 0.01
    engine = engines()
    engine.evaluate(at([slo()]), start)
    world.failing.clear()
    assert [Reason.CLEARED] * 2 == [change.reason for change in engine.evaluate(at([slo()], 100), start + 100)]
    assert [] == engine.evaluate(at([slo()], 399), start + 399)
    assert "clear since" in next(iter(engine.open)).alert.words
    ended = engine.evaluate(at([slo()], 400), start + 400)
    assert [(Reason.RESOLVED, Notice.RESOLVE), (Reason.RESOLVED, Notice.NEVER_TOLD)] == [
        (change.reason, change.notice) for change in ended
    ]
    assert not engine.open
    assert [("trigger", "slo/payments-availability/page"), ("resolve", "slo/payments-availability/page")] == told(path)


def test_a_flapping_condition_is_one_incident(engines, slo, at, world, start, path):
    """A condition that comes and goes within five minutes is told once."""
    engine = engines()
    for minute in range(30):
        world.failing[PAYMENTS] = 0.01 if minute % 2 else 0.0
        engine.evaluate(at([slo()], minute * 60), start + minute * 60)
    assert 1 == len(told(path))
    assert start + 60 == next(iter(engine.open)).alert.firing.since


def test_a_ticket_waits_for_the_page_of_its_slo(engines, slo, at, world, start, path):
    """While a page fires nobody hears of the ticket; when the page is over and the ticket still burns, they do."""
    world.failing[PAYMENTS] = 0.01
    engine = engines()
    engine.evaluate(at([slo()]), start)
    assert [False, True] == [each.inhibited for each in engine.open]
    world.failing = {(PAYMENTS, window): 0.01 for window in ("2h", "1d", "3d", "6h")}
    engine.evaluate(at([slo()], 60), start + 60)
    changes = engine.evaluate(at([slo()], 360), start + 360)
    assert [(AlertKind.PAGE, Notice.RESOLVE), (AlertKind.TICKET, Notice.TRIGGER)] == [
        (change.alert.key.kind, change.notice) for change in changes
    ]
    assert [False] == [each.inhibited for each in engine.open]
    assert [
        ("trigger", "slo/payments-availability/page"),
        ("resolve", "slo/payments-availability/page"),
        ("trigger", "slo/payments-availability/ticket"),
    ] == told(path)


def test_a_ticket_told_before_the_page_is_still_ended(engines, slo, at, world, start, path):
    """A page does not hide the end of a ticket that somebody already has."""
    world.failing = {(PAYMENTS, window): 0.01 for window in ("2h", "1d", "3d", "6h")}
    engine = engines()
    engine.evaluate(at([slo()]), start)
    world.failing = {(PAYMENTS, window): 0.01 for window in ("5m", "1h")}
    engine.evaluate(at([slo()], 60), start + 60)
    engine.evaluate(at([slo()], 400), start + 400)
    assert [AlertKind.PAGE] == kinds(engine)
    assert ("resolve", "slo/payments-availability/ticket") == told(path)[-1]


def test_a_ticket_whose_condition_cleared_is_not_announced(engines, slo, at, world, start, path):
    """A held ticket that nobody was told of stays untold when its page ends before it."""
    world.failing[PAYMENTS] = 0.01
    engine = engines()
    engine.evaluate(at([slo()]), start)
    world.failing = {(PAYMENTS, window): 0.01 for window in ("2h", "1d", "3d", "6h")}
    engine.evaluate(at([slo()], 10), start + 10)
    world.failing.clear()
    engine.evaluate(at([slo()], 20), start + 20)
    engine.evaluate(at([slo()], 310), start + 310)
    assert [AlertKind.TICKET] == kinds(engine)
    engine.evaluate(at([slo()], 320), start + 320)
    assert not engine.open
    assert ["trigger", "resolve"] == [action for action, _ in told(path)]


def test_too_few_failures_do_not_page(engines, slo, at, world, start):
    """The guard of the SLO holds here as well: two failures of a quiet service wake nobody."""
    world.rate = 0.01
    world.failing = {(PAYMENTS, "5m"): 0.34, (PAYMENTS, "1h"): 0.06}
    engine = engines()
    engine.evaluate(at([slo()]), start)
    assert not engine.open
    world.failing[PAYMENTS, "1h"] = 0.09
    engine.evaluate(at([slo()]), start)
    assert [AlertKind.PAGE] == kinds(engine)


def test_a_silent_service_is_one_page_however_many_promises_it_made(engines, slo, latency_slo, at, world, start, path):
    """No data belongs to the service, labelled with its strictest SLO."""
    slos = [latency_slo, slo()]
    world.silent = {PAYMENTS, "payments-latency"}
    engine = engines()
    (change,) = engine.evaluate(at(slos), start)
    assert (AlertKind.NO_DATA, Severity.PAGE, PAYMENTS) == (
        change.alert.key.kind,
        change.alert.severity,
        change.alert.slo,
    )
    assert {"alertname": "SLONoData", "slo": PAYMENTS, "service": "payments", "severity": "page"} == change.alert.labels
    assert [("trigger", "service/payments/no_data")] == told(path)
    assert "payments stopped reporting for 1m 30s: no data" == change.notification.annotations["summary"]
    assert [AlertKind.NO_DATA] == [each.alert.key.kind for each in engine.open.of(latency_slo)]


def test_the_silent_one_is_who_sends_the_events(engines, at, world, start):
    """A promise that callers measure: when the caller goes silent, the page names the caller."""
    sli = SLI(SLIKind.AVAILABILITY, "gateway", span_kind=SpanKind.CLIENT)
    seen = SLO("payments-seen", sli, Objective.parse("0.999"), provider="payments")
    world.silent = {"payments-seen"}
    engine = engines()
    (change,) = engine.evaluate(at([seen]), start)
    assert ("gateway", "service/gateway/no_data") == (change.alert.service, change.alert.key.dedup)
    assert "gateway stopped reporting" in change.alert.summary
    assert 1 == len(engine.open.of(seen))
    assert [] == engine.retire([seen], start)


def test_silence_neither_ends_nor_hides_a_burn(engines, slo, at, world, start, path):
    """While a service is silent its burn alerts stay, and the calm before counts for nothing; no data inhibits nothing."""
    engine = engines()
    world.failing[PAYMENTS] = 0.01
    engine.evaluate(at([slo()]), start)
    world.failing, world.silent = {}, {PAYMENTS}
    engine.evaluate(at([slo()], 100), start + 100)
    engine.evaluate(at([slo()], 3_000), start + 3_000)
    assert [AlertKind.PAGE, AlertKind.TICKET, AlertKind.NO_DATA] == kinds(engine)
    world.silent = set()
    engine.evaluate(at([slo()], 3_010), start + 3_010)
    engine.evaluate(at([slo()], 3_310), start + 3_310)
    assert not engine.open
    assert ["trigger", "trigger", "resolve", "resolve"] == [action for action, _ in told(path)]


def test_a_restart_neither_forgets_nor_repeats(engines, slo, at, world, start, path):
    """A new engine on the same file knows what fires, since when, and that it was told."""
    world.failing[PAYMENTS] = 0.01
    first = engines()
    first.evaluate(at([slo()]), start)
    first.close()
    second = engines()
    assert [] == second.evaluate(at([slo()], 60), start + 60)
    assert [start, start] == [each.alert.firing.since for each in second.open]
    assert first.open == second.open
    assert 1 == len(told(path))


def test_calm_is_counted_on_over_a_restart(engines, slo, at, world, start):
    """The five minutes are kept in the file, not in the process."""
    world.failing[PAYMENTS] = 0.01
    first = engines()
    first.evaluate(at([slo()]), start)
    world.failing.clear()
    first.evaluate(at([slo()], 10), start + 10)
    first.close()
    second = engines()
    second.evaluate(at([slo()], 310), start + 310)
    assert not second.open


def test_an_evaluation_of_some_slos_leaves_the_others_alone(engines, slo, at, world, start):
    """An SLO that was not evaluated is not thereby clear."""
    world.failing[PAYMENTS] = 0.01
    engine = engines()
    engine.evaluate(at([slo(), slo("users-availability", "users")]), start)
    for seconds in (10, 400, 900):
        engine.evaluate(at([slo("users-availability", "users")], seconds), start + seconds)
    assert [AlertKind.PAGE, AlertKind.TICKET] == kinds(engine)


def test_alerts_of_slos_that_are_gone_are_ended(engines, slo, at, world, start, path):
    """Retiring ends what fires for SLOs and services that are no longer there, and only that."""
    users = slo("users-availability", "users")
    world.failing = {PAYMENTS: 0.01, "users-availability": 0.01}
    world.silent = {PAYMENTS}
    engine = engines()
    engine.evaluate(at([slo(), users]), start)
    changes = engine.retire([users], start + 5)
    assert {Reason.WITHDRAWN} == {change.reason for change in changes}
    assert {"users"} == {each.alert.service for each in engine.open}
    assert {("resolve", "service/payments/no_data"), ("resolve", "slo/payments-availability/page")} == set(
        told(path)[-2:]
    )
    assert None is since(engine, PAYMENTS)
    assert start == since(engine, "users-availability")
    assert [] == engine.retire([users], start + 6)
    left = [users]
    assert [[], []] == [engine.retire(left, start + 7), engine.retire(left, start + 8)]


def test_since_is_when_the_state_began(engines, slo, at, world, start):
    """Since moves when the state does, and over a restart it stays."""
    engine = engines()
    engine.evaluate(at([slo()]), start)
    engine.evaluate(at([slo()], 50), start + 50)
    assert start == since(engine, PAYMENTS)
    world.failing[PAYMENTS] = 0.01
    engine.evaluate(at([slo()], 60), start + 60)
    engine.evaluate(at([slo()], 70), start + 70)
    assert start + 60 == since(engine, PAYMENTS)
    engine.close()
    again = engines()
    assert start + 60 == since(again, PAYMENTS)
    again.evaluate(at([slo()], 80), start + 80)
    assert start + 60 == since(again, PAYMENTS)
    assert None is since(again, "never-heard-of")


def test_a_state_the_engine_has_not_seen_yet_has_no_beginning(engines, slo, at, world, start):
    """Days of calm are not the age of a burn that began since the last evaluation."""
    engine = engines()
    engine.evaluate(at([slo()]), start)

    assert start == engine.since(PAYMENTS, State.HEALTHY)
    assert None is engine.since(PAYMENTS, State.BURNING)


def test_a_round_that_can_not_be_kept_did_not_happen(engines, slo, at, world, start, path):
    """When the file can't be written the engine says so, and the next round starts from where this one did."""
    engine = engines()
    engine.evaluate(at([slo()]), start)
    world.failing[PAYMENTS] = 0.01
    engine._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(StoreError, match="can't be written"):
        engine.evaluate(at([slo()], 5), start + 5)
    assert not engine.open
    assert start == since(engine, PAYMENTS)
    engine._connection.execute("PRAGMA query_only = 0")
    engine.evaluate(at([slo()], 10), start + 10)
    assert [AlertKind.PAGE, AlertKind.TICKET] == kinds(engine)
    assert 1 == len(told(path))


def test_receivers_get_their_severities_and_ends_of_what_they_were_told(engines, slo, at, world, start, path):
    """A receiver of tickets hears of no page; one that came later does not hear the end of what it never heard begin."""
    pager, office = Receiver("pager", frozenset({Severity.PAGE})), Receiver("office", frozenset({Severity.TICKET}))
    world.failing[PAYMENTS] = 0.01
    first = engines([pager, office])
    first.evaluate(at([slo()]), start)
    first.close()
    second = engines([pager, office, Receiver("late")])
    world.failing.clear()
    second.evaluate(at([slo()], 10), start + 10)
    second.evaluate(at([slo()], 310), start + 310)
    assert ["trigger", "resolve"] == [action for action, _ in told(path, "pager")]
    assert [] == told(path, "office")
    assert [] == told(path, "late")


def test_two_receivers_of_one_name_are_refused(path):
    """Names tell receivers apart in the outbox."""
    with pytest.raises(InvalidReceiver):
        AlertEngine(path, [Receiver("hook"), Receiver("hook")])


def test_somebody_is_woken_when_there_is_something_to_send(engines, slo, at, world, start):
    """The callback comes once a round that queued something, after it is in the file."""
    seen = []
    engine = engines(on_queued=lambda: seen.append(len(Outbox(engine._connection).due("hook", start))))
    engine.evaluate(at([slo()]), start)
    world.failing[PAYMENTS] = 0.01
    engine.evaluate(at([slo()], 5), start)
    engine.evaluate(at([slo()], 10), start)
    assert [1] == seen
    engine.acknowledge(AlertKey(AlertKind.PAGE, PAYMENTS), "ann", start + 60, "", start)
    assert [1, 1] == seen
    engine.acknowledge(AlertKey(AlertKind.TICKET, PAYMENTS), "ann", start + 60, "", start)
    assert [1, 1] == seen


def test_the_notification_says_what_the_on_call_asks(engines, slo, at, world, start):
    """Which promise, since when, how fast, what is left, how long it lasts, what to do, where to look."""
    annotations = {"fournines/runbook": "https://runbooks.example/payments"}
    world.failing[PAYMENTS] = 0.002
    world.failing[PAYMENTS, "30d"] = 0.000039
    engine = engines(public_url="https://slo.example/")
    changes = engine.evaluate(at([slo(labels={"team": "core"}, annotations=annotations)]), start)
    sent = changes[0].notification
    assert (Action.TRIGGER, "slo/payments-availability/page") == (sent.action, sent.dedup_key)
    assert {
        "alertname": "SLOErrorBudgetBurn",
        "slo": PAYMENTS,
        "service": "payments",
        "severity": "page",
        "team": "core",
    } == sent.labels
    assert sent.annotations.pop("explanation").startswith(
        "payments-availability: burning since 08:00:00 UTC (0 s). 1h and 5m burn above 14.4."
    )
    assert {
        "summary": "payments-availability burns 20x, 61 % of the budget left (2m 38s of outage, 1,582 requests),"
        " empty in 21h 58m",
        "description": "The promise: 99.99 % of the requests to payments succeed, over 30d."
        " Since 2027-01-15T08:00:00Z it burns 20x over 1h and 20x over 5m, above 14.4x."
        " Over 30d: 61 % of the budget left (2m 38s of outage, 1,582 requests), empty in 21h 58m.",
        "runbook_url": "https://runbooks.example/payments",
        "dashboard_url": "https://slo.example/slo/payments-availability",
        "silence_url": "https://slo.example/slo/payments-availability#silence",
    } == sent.annotations


def test_the_api_shape(engines, slo, at, world, start):
    """An alert as /api/v1/alerts says it."""
    world.failing[PAYMENTS] = 0.01
    engine = engines()
    engine.evaluate(at([slo()]), start)
    page, ticket = (each.as_json() for each in engine.open)
    assert {
        "number": 1,
        "key": "slo/payments-availability/page",
        "slo": PAYMENTS,
        "service": "payments",
        "severity": "page",
        "kind": "page",
        "state": "firing",
        "since": "2027-01-15T08:00:00Z",
        "began": "2027-01-15T08:00:00Z",
        "opened_again": 0,
        "flaps": 0,
        "escalated_since": None,
        "reason": "1h and 5m burn above 14.4",
        "inhibited": False,
        "held_back": None,
        "told_at": "2027-01-15T08:00:00Z",
        "acknowledged": None,
        "notes": [],
    } == {name: value for name, value in page.items() if name not in ("summary", "why")}
    assert ("ticket", True, "held back by the page") == (ticket["kind"], ticket["inhibited"], ticket["held_back"])
    assert [page, ticket] == [each.as_json() for each in engine.open.of(slo())]


def test_only_rows_that_matter_are_looked_at(engines, slo, at, world, start, monkeypatch):
    """Of two thousand healthy SLOs no status is made; of one that begins to burn, one for both its alerts."""
    from fournines.slo import Evaluation

    slos = [slo(f"s{number}-availability", f"s{number}") for number in range(2_000)]
    made = []
    status = Evaluation.status
    monkeypatch.setattr(Evaluation, "status", lambda self, row: made.append(row) or status(self, row))
    engine, evaluator = engines(), Evaluator(slos)
    engine.evaluate(evaluator.at(world, start), start)
    assert [] == made
    world.failing["s7-availability"] = 0.01
    for seconds in (5, 10, 15):
        engine.evaluate(evaluator.at(world, start + seconds), start + seconds)
    assert [7] == made


def test_own_rules_are_the_slo_s_not_ours(engines, slo, at, world, start):
    """An SLO without ticket rules has no ticket."""
    page_only = tuple(rule for rule in WORKBOOK if rule.severity is Severity.PAGE)
    world.failing[PAYMENTS] = 0.01
    engine = engines()
    engine.evaluate(at([dataclasses.replace(slo(), rules=page_only, window=Window.parse("7d"))]), start)
    assert [AlertKind.PAGE] == kinds(engine)
