"""What is beside burn, through the engine: told in its own words, held back by whoever says more, and over with a reason."""

from __future__ import annotations

import sqlite3

import pytest

from fournines.alerts import Action, AlertKind, Notification
from fournines.alerts.conditions.at_risk import AtRisk
from fournines.alerts.conditions.certificate import Certificate, ExpiringCertificate, FakeCertificates
from fournines.alerts.conditions.exhausted import Exhausted
from fournines.alerts.conditions.traffic_collapse import FakeTraffic, TrafficCollapse
from fournines.slo import DAY, Chance

NAME = "payments-availability"
URL = "https://pay.example/"


def told(path):
    """What waits in the outbox, the oldest first."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT notification FROM outbox ORDER BY id").fetchall()
    connection.close()
    return [Notification.from_json(text) for (text,) in rows]


def kinds(engine):
    return {key.kind for key in engine.open.by_key}


@pytest.fixture
def spent(world):
    """The month's budget is spent, and nothing burns any more."""
    world.failing[(NAME, "30d")] = 0.0002


def test_a_spent_budget_is_told_in_its_own_words_and_so_is_its_end(engines, slo, at, world, start, path, spent):
    """A ticket under a name of its own, with what failed; an hour after there is budget again it is over."""
    engine = engines(conditions=[Exhausted()])
    engine.evaluate(at([slo()]), start)
    world.failing.clear()
    for seconds in (5, 3605):
        engine.evaluate(at([slo()], seconds), start + seconds)
    begun, over = told(path)

    assert ("SLOBudgetExhausted", "ticket", f"slo/{NAME}/exhausted") == (
        begun.labels["alertname"],
        begun.labels["severity"],
        begun.dedup_key,
    )
    assert begun.annotations["summary"].startswith(f"{NAME} has no error budget left: ")
    assert Action.RESOLVE is over.action
    assert "There is error budget again." in over.annotations["description"]


def test_an_slo_that_pages_tells_nobody_that_its_budget_is_spent_until_that_is_over(
    engines, slo, at, world, start, path
):
    """The page says more; what waited for it comes in its own words."""
    world.failing[NAME] = 0.01
    engine = engines(conditions=[Exhausted()])
    engine.evaluate(at([slo()]), start)
    assert {AlertKind.PAGE, AlertKind.TICKET, AlertKind.EXHAUSTED} == kinds(engine)
    assert [f"slo/{NAME}/page"] == [each.dedup_key for each in told(path)]

    world.failing = {(NAME, "30d"): 0.0002}
    for seconds in (5, 306, 311):
        engine.evaluate(at([slo()], seconds), start + seconds)

    assert {AlertKind.EXHAUSTED} == kinds(engine)
    last = told(path)[-1]
    assert (Action.TRIGGER, f"slo/{NAME}/exhausted") == (last.action, last.dedup_key)
    assert "has no error budget left" in last.annotations["summary"]


def test_of_a_spent_budget_nobody_hears_that_it_is_at_risk(engines, slo, at, start, path, spent):
    """It is lost already."""
    at_risk = AtRisk(lambda status: Chance(0.01, int(start) + 30 * DAY, 90 * DAY))
    at_risk.look(at([slo()]))
    engine = engines(conditions=[Exhausted(), at_risk])
    engine.evaluate(at([slo()]), start)

    assert {AlertKind.EXHAUSTED, AlertKind.AT_RISK} == kinds(engine)
    assert [f"slo/{NAME}/exhausted"] == [each.dedup_key for each in told(path)]


def test_an_objective_at_risk_is_told(engines, slo, at, world, start, path):
    """With its chance."""
    world.failing[(NAME, "30d")] = 0.00005
    at_risk = AtRisk(lambda status: Chance(0.01, int(start) + 30 * DAY, 90 * DAY))
    at_risk.look(at([slo()]))
    engine = engines(conditions=[at_risk])
    engine.evaluate(at([slo()]), start)
    (said,) = told(path)

    assert ("SLOAtRisk", "ticket") == (said.labels["alertname"], said.labels["severity"])
    assert "a chance of 1 % to keep 99.99 % over 30d" in said.annotations["summary"]


def test_a_collapse_names_the_service(engines, slo, at, start, path):
    """By a key that is the service's."""
    traffic = TrafficCollapse(FakeTraffic(lambda t: 1 if t >= start - 1200 else 100))
    traffic.look(at([slo()]))
    engine = engines(conditions=[traffic])
    engine.evaluate(at([slo()]), start)
    (said,) = told(path)

    assert ("SLOTrafficCollapse", "service/payments/traffic_collapse") == (said.labels["alertname"], said.dedup_key)
    assert "usual at this time of the week are 1,000" in said.annotations["summary"]


def test_a_certificate_s_ticket_becomes_a_page(engines, slo, at, start, path):
    """Three weeks before its end a ticket, three days before a page; a service without an SLO is told of as well."""
    source = FakeCertificates(Certificate("elsewhere", URL, start + 10 * DAY))
    engine = engines(conditions=[ExpiringCertificate(source)])
    engine.evaluate(at([slo()]), start)
    source.known = (Certificate("elsewhere", URL, start + 3 * DAY),)
    engine.evaluate(at([slo()], 5), start + 5)
    source.known = (Certificate("elsewhere", URL, start + 90 * DAY),)
    for seconds in (10, 311):
        engine.evaluate(at([slo()], seconds), start + seconds)
    said = told(path)

    key = f"service/elsewhere {URL}/certificate"
    begun = [(each.dedup_key, each.labels["severity"]) for each in said if each.action is Action.TRIGGER]
    assert [(key, "ticket"), (f"{key}_page", "page")] == begun
    assert {key, f"{key}_page"} == {each.dedup_key for each in said if each.action is Action.RESOLVE}
    assert {"SLOCertificateExpiry"} == {each.labels["alertname"] for each in said}
    assert not engine.open


def test_the_set_of_slos_may_change_without_a_certificate_s_alert(engines, slo, at, start, path):
    """A certificate is no SLO's: it is its probe that has to go."""
    source = FakeCertificates(Certificate("elsewhere", URL, start + DAY))
    engine = engines(conditions=[ExpiringCertificate(source)])
    engine.evaluate(at([slo()]), start)
    engine.retire([slo()], start + 1)

    assert {AlertKind.CERTIFICATE, AlertKind.CERTIFICATE_PAGE} == kinds(engine)
