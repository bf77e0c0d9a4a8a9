"""Who is told, as the file says it."""

import pytest

from fournines.settings import Flags, Settings, load, receiver_names

ALL = """notify:
  - {type: webhook, url: "http://127.0.0.1/hook", secret: s3cret-1}
  - {type: pagerduty, routing_key: s3cret-2, severities: [page], fallback: chat}
  - {type: slack, name: chat, token: s3cret-3, channel: "#oncall", match: {team: "core*"}}
  - {type: slack, url: "https://hooks.slack.com/services/s3cret-4"}
  - {type: alertmanager, urls: ["http://am-0:9093", "http://am-1:9093"], headers: {authorization: s3cret-5}}
  - {type: sns, topic: "arn:aws:sns:eu-central-1:123456789012:pages"}
  - {type: email, host: smtp.example.com, username: u, password: s3cret-6, sender: "Pages <a@b.c>", to: [oncall@b.c]}
  - {type: apprise, url: "ntfys://s3cret-7@ntfy.example/pages", severities: []}
"""


def test_every_kind_of_receiver_has_a_name(write):
    """By its place among those of its type, unless it has one of its own: what waits for it in the outbox finds it again."""
    settings = load(write(ALL), Flags(), {})

    names = "webhook-1 pagerduty-1 chat slack-2 alertmanager-1 sns-1 email-1 apprise-1"
    assert names.split() == receiver_names(settings.notify)
    assert [(), ("page", "ticket")] == [settings.notify[place].severities for place in (-1, 0)]


def test_no_secret_of_a_receiver_shows(write):
    """Whatever text is made of the settings."""
    settings = load(write(ALL), Flags(), {})

    assert "s3cret" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("entry", "path", "says"),
    [
        (
            "type: pager, url: 'http://a'",
            ".type",
            "'pager' is no type of receiver; there are webhook, pagerduty, slack",
        ),
        ("url: 'http://a'", "", "needs a type: webhook, pagerduty, slack, alertmanager, sns, email or apprise"),
        ("type: pagerduty", ".routing_key", "is missing"),
        ("type: pagerduty, key: x, routing_key: y", ".key", "unknown key `key`; allowed: `name`, `severities`"),
        ("type: pagerduty, routing_key: x, severities: [sms]", ".severities[0]", "'page' or 'ticket', not 'sms'"),
        ("type: slack, token: x", "", "needs a channel with its token"),
        ('type: slack, channel: x, token: "x\\n"', ".token", "holds a line's end, or a letter outside ASCII"),
        ("type: pagerduty, routing_key: ü", ".routing_key", "holds a line's end, or a letter outside ASCII"),
        ("type: webhook, url: 'http://a', match: {' ': x}", ".match. ", "is no name of a label"),
        ("type: slack, channel: x", "", "needs a token and a channel, or the url"),
        ("type: slack, url: 'http://a', token: x, channel: y", "", "needs a token and a channel, or the url"),
        ("type: slack, url: 'http://a', channel: y", "", "has a channel, which a webhook knows itself"),
        ("type: alertmanager, urls: [nope]", ".urls[0]", "is no http:// or https:// address"),
        ("type: alertmanager, urls: []", ".urls", "needs at least one"),
        ("type: sns, topic: pages", ".topic", "is no topic, such as arn:aws:sns:"),
        ("type: email, host: a, sender: me, to: [a@b]", ".sender", "is no e-mail address"),
        ("type: email, host: a, sender: a@b, to: [a@b], username: u", "", "needs a username and a password"),
        (
            "type: email, host: a, sender: a@b, to: [a@b], username: u, password: p, security: none",
            "",
            "in the clear",
        ),
        ("type: webhook, url: 'http://a', name: a b", ".name", "should match pattern"),
        (
            "type: webhook, url: 'http://a', fallback: chat",
            ".fallback",
            "'chat' is no other receiver; there is no other",
        ),
        ("type: webhook, url: 'http://a', name: h, fallback: h", ".fallback", "'h' is no other receiver"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(fault, entry, path, says):
    """In the words of whoever wrote it, with line and path."""
    (found,) = fault(f"port: 1\nnotify:\n  - {{{entry}}}\n").faults

    assert (3, f"notify[0]{path}") == (found.line, found.path)
    assert says in found.message


def test_two_receivers_of_one_name_are_a_fault(fault):
    """Also where one of them was named by its place."""
    entries = "  - {type: webhook, url: 'http://a'}\n  - {type: apprise, url: 'json://a', name: webhook-1}\n"

    (found,) = fault(f"notify:\n{entries}").faults

    assert (3, "notify[1].name", "is webhook-1, as that of [0] is") == (found.line, found.path, found.message)


def test_two_receivers_may_stand_in_for_each_other():
    """A page goes out by whichever works."""
    one = {"type": "apprise", "url": "json://a", "name": "a", "fallback": "b"}
    other = {"type": "apprise", "url": "json://b", "name": "b", "fallback": "a"}

    assert ["b", "a"] == [each.fallback for each in Settings.model_validate({"notify": [one, other]}).notify]


@pytest.mark.parametrize(
    "entry",
    [
        "type: pagerduty, routing_key: [s3cret]",
        "type: slack, token: [s3cret], channel: c",
        "type: email, host: h, sender: a@b, to: [a@b], username: u, password: [s3cret]",
        "type: apprise, url: [s3cret]",
        "type: webhook, url: 'http://a', match: {team: [s3cret]}",
    ],
)
def test_no_fault_repeats_what_may_be_a_secret(fault, entry):
    """It is printed where others read it."""
    assert "s3cret" not in str(fault(f"notify: [{{{entry}}}]\n"))
