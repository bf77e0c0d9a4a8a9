"""From settings to who is told of alerts."""

import pytest

from fournines.alerts import InvalidReceiver, Receiver
from fournines.alerts.matching import Matchers
from fournines.serving import notifiers_of
from fournines.settings import Settings
from fournines.slo import Severity

pytestmark = pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated:DeprecationWarning"
)  # Apprise looks whether it is there

EVERY_KIND = [
    {"type": "webhook", "url": "http://127.0.0.1:2/s3cret", "secret": "s3cret"},
    {"type": "pagerduty", "routing_key": "s3cret", "url": "http://127.0.0.1:3/v2/enqueue"},
    {"type": "slack", "token": "s3cret", "channel": "#oncall"},
    {"type": "slack", "url": "http://127.0.0.1:4/s3cret"},
    {"type": "alertmanager", "urls": ["http://127.0.0.1:5"], "headers": {"authorization": "s3cret"}},
    {"type": "sns", "topic": "arn:aws:sns:eu-central-1:123456789012:pages", "endpoint": "http://127.0.0.1:6"},
    {
        "type": "email",
        "host": "127.0.0.1",
        "security": "tls",
        "username": "u",
        "password": "s3cret",
        "sender": "a@b.c",
        "to": ["d@e.f"],
    },
    {"type": "apprise", "url": "json://127.0.0.1:7/s3cret"},
]


def made(*entries):
    """What becomes of entries of `notify`."""
    return notifiers_of(Settings.model_validate({"notify": entries}).notify, "http://pages")


def test_every_kind_has_its_way_and_shows_no_secret():
    """Named by its place among those of its type: what waits for a receiver in the outbox finds it after a restart."""
    ways = made(*EVERY_KIND)

    shown = [f"{receiver.name} {way!r}" for receiver, way in ways.items()]
    assert [
        "webhook-1 WebhookNotifier('webhook-1', http://127.0.0.1:2)",
        "pagerduty-1 PagerDutyNotifier('pagerduty-1', http://127.0.0.1:3)",
        "slack-1 SlackNotifier('slack-1', https://slack.com, '#oncall')",
        "slack-2 SlackHookNotifier('slack-2', http://127.0.0.1:4)",
        "alertmanager-1 AlertmanagerNotifier('alertmanager-1', http://127.0.0.1:5)",
        "sns-1 SnsNotifier('sns-1', 'arn:aws:sns:eu-central-1:123456789012:pages')",
        "email-1 MailNotifier('email-1', 127.0.0.1:465)",
        "apprise-1 AppriseNotifier('apprise-1')",
    ] == shown


def test_a_receiver_is_told_of_what_it_asked_for():
    """Severities, labels and fallback as they are written."""
    hook = {"type": "webhook", "url": "http://a"}
    one, other = made(
        hook | {"severities": ["page"], "match": {"team": "core*"}, "fallback": "b"},
        hook | {"name": "b", "severities": []},
    )

    assert Receiver("webhook-1", frozenset({Severity.PAGE}), Matchers.of({"team": "core*"}), "b") == one
    assert "it is told of pages only" == one.refusal(Severity.TICKET, {"team": "core"})
    assert "it is told where team=core*" == one.refusal(Severity.PAGE, {"team": "web"})
    assert one.refusal(Severity.PAGE, {"team": "core-payments"}) is None
    assert "it is told as a fallback only" == other.refusal(Severity.PAGE, {})


def test_an_address_that_can_not_be_used_is_refused_at_the_start():
    """By name, without the address."""
    with pytest.raises(InvalidReceiver, match="the URL of receiver chat is no http or https address"):
        made({"type": "slack", "name": "chat", "url": "hooks.slack.com/s3cret"})
