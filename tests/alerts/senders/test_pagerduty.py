"""PagerDuty, against a stand-in on loopback that speaks its Events API v2 as documented: fields, limits, incidents, refusals."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from fournines.alerts import NOT_SHOWN, Action, Outcome
from fournines.alerts.senders import PagerDutyNotifier
from fournines.alerts.senders.pagerduty import LONGEST_KEY

KEY = "0123456789abcdef0123456789abcdef"
SEVERITIES = {"critical", "error", "warning", "info"}


class PagerDuty:
    """Incidents by key, as an integration keeps them."""

    def __init__(self):
        self.incidents = {}
        self.triggers = Counter()

    def __call__(self, asked):
        if len(asked.body) > 512 * 1_024:
            return (413, {})
        event = asked.content
        errors = list(self.faults(event))
        if errors:
            return (400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})
        self.take(event["event_action"], event["dedup_key"])
        return (202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})

    def take(self, action, key):
        if action == "trigger":
            self.triggers[key] += 1
            if self.incidents.get(key) != "acknowledged":
                self.incidents[key] = "triggered"
        elif self.incidents.get(key) in ("triggered", "acknowledged"):
            self.incidents[key] = action + "d"

    def faults(self, event):
        if event.get("routing_key") != KEY:
            yield f"'routing_key' {event.get('routing_key')} is invalid"
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
            yield "'event_action' is invalid"
        if not 0 < len(event.get("dedup_key", "")) <= 255:
            yield "'dedup_key' is invalid"
        if event.get("event_action") == "trigger":
            payload = event["payload"]
            if not 0 < len(payload.get("summary", "")) <= 1024 or not payload.get("source"):
                yield "'payload.summary' or 'payload.source' is invalid"
            if payload.get("severity") not in SEVERITIES:
                yield "'payload.severity' is invalid"
            if not all(link["href"].startswith("http") for link in event.get("links", ())):
                yield "'links' is invalid"


@pytest.fixture
def rules():
    """What PagerDuty does."""
    return PagerDuty()


@pytest.fixture
def pagerduty(service, rules):
    """Where it does it."""
    return service(rules)


@pytest.fixture
def notifier(pagerduty):
    return PagerDutyNotifier(KEY, url=f"{pagerduty.url}/v2/enqueue", external_url="http://pages:8400")


def test_one_incident_is_begun_taken_on_and_ended(notifier, rules, incident, sent):
    """Three events under one key; a change is none of them, and a message sent twice opens nothing twice."""
    actions = (Action.TRIGGER, Action.TRIGGER, Action.UPDATE, Action.ACKNOWLEDGE, Action.RESOLVE)
    attempts = sent(notifier, *map(incident, actions))

    assert {Outcome.DELIVERED} == {attempt.outcome for attempt in attempts}
    assert NOT_SHOWN == attempts[2]
    assert {"slo/a/page": "resolved"} == rules.incidents


def test_the_event_says_what_is_known(notifier, pagerduty, incident, sent):
    """Every field of the documented event that we have something for; times and links as it reads them."""
    sent(notifier, incident())

    ((path, headers, _),) = pagerduty.asked
    assert ("/v2/enqueue", "application/json; charset=utf-8") == (path, headers["content-type"])
    assert {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "slo/a/page",
        "payload": {
            "summary": "a burns 21x",
            "source": "s",
            "severity": "critical",
            "timestamp": "2027-01-15T08:00:00Z",
            "component": "s",
            "group": "a",
            "class": "SLOErrorBudgetBurn",
            "custom_details": {
                "Top route": "POST /payments: 96 of 120",
                "Version": "1.4.2 <canary> & more",
                "description": "The promise: ü",
                "labels": "alertname=SLOErrorBudgetBurn, slo=a, service=s, severity=page",
            },
        },
        "links": [
            {"href": "https://runbooks.example/a", "text": "Runbook"},
            {"href": "https://x/t?a=1&b=2", "text": "Trace"},
        ],
        "client": "fournines",
        "client_url": "http://pages:8400",
    } == pagerduty.asked[0].content


@pytest.mark.parametrize("action", [Action.ACKNOWLEDGE, Action.RESOLVE])
def test_what_follows_needs_the_key_alone(notifier, pagerduty, incident, sent, action):
    """Nothing else could be misread."""
    sent(notifier, incident(action))

    assert {"routing_key", "event_action", "dedup_key"} == set(pagerduty.asked[0].content)


def test_a_ticket_wakes_nobody(notifier, pagerduty, incident, sent):
    """Its severity is a warning's."""
    sent(notifier, incident(labels={"service": "s", "severity": "ticket"}))

    assert "warning" == pagerduty.asked[0].content["payload"]["severity"]


def test_what_is_too_long_is_cut_and_taken(notifier, rules, incident, sent):
    """A page with a long name is a page all the same, and its end finds it; two long names that begin alike stay two."""
    keys = [f"slo/{'x' * 300}{end}/page" for end in "ab"]
    long = {"annotations": {"summary": "ü" * 5_000, "description": "y" * 10_000}, "details": {"z": "z" * 10_000}}
    attempts = [attempt for key in keys for attempt in sent(notifier_of(notifier), incident(dedup_key=key, **long))]
    sent(notifier, incident(Action.RESOLVE, dedup_key=keys[0]))

    assert {Outcome.DELIVERED} == {attempt.outcome for attempt in attempts}
    assert ["resolved", "triggered"] == list(rules.incidents.values())
    assert {LONGEST_KEY} == set(map(len, rules.incidents))


def test_an_event_holds_what_pagerduty_takes(notifier, rules, incident, sent):
    """512 kB: letters outside ASCII are six bytes and more, and names that somebody sends have any length."""
    labels = {"slo": "ü" * 50_000, "service": "😀" * 50_000, "alertname": "ü" * 50_000, "severity": "page"}
    long = incident(labels=labels, details={f"fact {number}": "😀" * 5_000 for number in range(20)})

    assert [Outcome.DELIVERED] == [attempt.outcome for attempt in sent(notifier, long)]
    assert {"slo/a/page": "triggered"} == rules.incidents


def notifier_of(other):
    """Another one like it: one that has sent is closed."""
    return PagerDutyNotifier(KEY, url=other._url)


@pytest.mark.parametrize("gone", [{"slo", "service"}, {"alertname"}])
def test_an_alert_that_lacks_labels_is_an_event_all_the_same(notifier, incident, sent, gone):
    """What must not be empty never is."""
    labels = {name: "x" for name in ("alertname", "slo", "service", "severity") if name not in gone}

    assert Outcome.DELIVERED is sent(notifier, incident(labels=labels, annotations={}))[0].outcome


def test_a_refused_event_says_why_and_is_final(pagerduty, incident, sent, caplog):
    """An event that is wrong stays so; the service's words are kept, the key is not."""
    with caplog.at_level(logging.DEBUG):
        (attempt,) = sent(PagerDutyNotifier("wr0ngkey", url=pagerduty.url), incident())

    assert Outcome.REJECTED is attempt.outcome
    assert "answered 400: Event object is invalid: 'routing_key' *** is invalid" == attempt.reason
    assert "wr0ngkey" not in caplog.text + repr(PagerDutyNotifier("wr0ngkey"))


@pytest.mark.parametrize(
    ("said", "outcome", "retry_after"),
    [
        ((429, {"status": "throttle exceeded"}, {"retry-after": "30"}), Outcome.RETRY, 30.0),
        ((500, b"<html>"), Outcome.RETRY, None),
        ((503, b""), Outcome.RETRY, None),
        ((403, b""), Outcome.REJECTED, None),
        ((400, b"no JSON"), Outcome.REJECTED, None),
        ((400, [1]), Outcome.REJECTED, None),
        ((400, {"message": "x", "errors": "no list"}), Outcome.REJECTED, None),
        ((200, b""), Outcome.DELIVERED, None),
    ],
)
def test_every_answer_has_its_meaning(notifier, pagerduty, incident, sent, said, outcome, retry_after):
    """As the documentation's table of answers says: 429 and 5xx again, what is wrong never."""
    pagerduty.next.append(said)

    (attempt,) = sent(notifier, incident())

    assert (outcome, retry_after) == (attempt.outcome, attempt.retry_after)
