"""A certificate that expires soon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts import AlertKey, AlertKind
from fournines.alerts.conditions.certificate import Certificate, ExpiringCertificate, FakeCertificates
from fournines.alerts.state import ConditionState
from fournines.slo import DAY, SLI, SLO, EventCount, FakeEventSource, Objective, SLIKind, evaluate

NOW = 1_800_000_000.0
URL = "https://pay.example/health"
TICKET = AlertKey(AlertKind.CERTIFICATE, f"payments {URL}")
ENDS = [days * DAY + second for days in (0, 3, 21) for second in (-1, 0, 1)]
PAGE = AlertKey(AlertKind.CERTIFICATE_PAGE, f"payments {URL}")


def evaluation(**more):
    slo = SLO("payments", SLI(SLIKind.AVAILABILITY, "payments"), Objective.parse("0.99"), **more)
    return evaluate([slo], FakeEventSource(lambda *_: EventCount(10, 10)), NOW)


def judged(expires, *open_, service="payments", expired=False, **more):
    """What is said of a certificate, in order."""
    source = FakeCertificates(Certificate(service, URL, expires, expired))
    return list(ExpiringCertificate(source).judgements(evaluation(**more), dict.fromkeys(open_)))


def states(judgements):
    return {judgement.key: judgement.condition for judgement in judgements}


@given(st.one_of(st.integers(-400 * DAY, 400 * DAY), st.sampled_from(ENDS)))
def test_three_weeks_before_it_is_a_ticket_and_three_days_before_a_page(left):
    """To the second; one that has expired is both, and one that is fine is nothing."""
    wanted = [key for key, days in ((PAGE, 3), (TICKET, 21)) if left <= days * DAY]

    assert wanted == [judgement.key for judgement in judged(NOW + left)]
    both = {key: ConditionState.MET if key in wanted else ConditionState.CLEAR for key in (PAGE, TICKET)}
    assert both == states(judged(NOW + left, PAGE, TICKET))


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (20 * DAY + 3600, "expires in 20 d 1 h"),
        (0, "expired 0 s ago"),
        (-90_000, "expired 1 d 1 h ago"),
    ],
)
def test_it_says_which_and_when(left, said):
    """The address that was probed, its service, and what follows."""
    words = judged(NOW + left)[-1].words

    assert f"the certificate of {URL} (payments) {said}" == words.summary
    assert "can't connect after that" in words.description


@pytest.mark.parametrize(
    ("expires", "summary"),
    [
        (None, "has expired"),
        (NOW + 90 * DAY, "has expired"),
        (NOW - 90_000, "expired 1 d 1 h ago"),
    ],
)
def test_one_that_was_over_before_it_was_first_seen_is_said_to_be(expires, summary):
    """Or one that it is signed by, while its own end is far away: a page and a ticket, that give no date that nobody knows."""
    found = judged(expires, expired=True)
    assert {PAGE: ConditionState.MET, TICKET: ConditionState.MET} == states(found)
    assert f"the certificate of {URL} (payments) {summary}" == found[0].words.summary


def test_what_was_not_shown_yet_changes_nothing():
    """After a start nothing is known until the first probe: what is open stays, and nothing fires."""
    assert ([], {TICKET: ConditionState.UNKNOWN}) == (judged(None), states(judged(None, TICKET)))


def test_a_probe_that_is_gone_takes_its_alerts_with_it():
    """Nobody looks at it any more."""
    found = ExpiringCertificate(FakeCertificates()).judgements(evaluation(), {TICKET: None})

    assert {TICKET: ConditionState.CLEAR} == states(found)


def test_a_service_without_an_slo_is_told_of_as_well():
    """Whoever probes it wants to know."""
    (judgement,) = judged(NOW + 5 * DAY, service="elsewhere")

    assert (AlertKey(AlertKind.CERTIFICATE, f"elsewhere {URL}"), None) == (judgement.key, judgement.row)


def test_switched_off_it_ends():
    """By an annotation of any of the service's SLOs."""
    off = {"annotations": {"fournines/alerts-off": "certificate"}}

    assert ([], {PAGE: ConditionState.CLEAR}) == (judged(NOW, **off), states(judged(NOW, PAGE, **off)))


def test_of_what_is_well_no_slo_is_looked_at(monkeypatch):
    """A round of thousands of SLOs and hundreds of certificates costs no product of both."""
    asked = []
    monkeypatch.setattr("fournines.alerts.conditions.certificate.alerts_off", asked.append)

    assert ([], []) == (judged(NOW + 90 * DAY, annotations={"a": "b"}), asked)
