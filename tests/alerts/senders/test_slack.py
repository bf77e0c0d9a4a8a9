"""Slack, against a stand-in on loopback that speaks its Web API as documented: tokens, channels, threads, changes, block limits."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts import NOT_SHOWN, Action, Notification, Outcome
from fournines.alerts.messages.templates import packaged
from fournines.alerts.senders import SlackHookNotifier, SlackNotifier
from fournines.alerts.senders.slack_blocks import blocks, escaped

TOKEN = "xoxb-s3cret"
CHANNEL = "C0123"


class Slack:
    """A workspace with one channel: its messages by time, and what stands in their threads."""

    def __init__(self):
        self.messages = {}
        self.threads = {}
        self.broadcast = []

    def __call__(self, asked):
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return 200, {"ok": False, "error": "invalid_auth"}
        content = asked.content
        if content["channel"] not in (CHANNEL, "#oncall"):
            return 200, {"ok": False, "error": "channel_not_found"}
        if not sound(content):
            return 200, {"ok": False, "error": "invalid_blocks"}
        method = {"/api/chat.postMessage": self.post, "/api/chat.update": self.update}[asked.path]
        return 200, method(content)

    def post(self, content):
        time = f"{len(self.messages) + 1}.000100"
        if "thread_ts" in content:
            self.threads.setdefault(content["thread_ts"], []).append(content["text"])
            self.broadcast += [content["text"]] if content.get("reply_broadcast") else []
        else:
            self.messages[time] = content
        return {"ok": True, "channel": CHANNEL, "ts": time}

    def update(self, content):
        if content["ts"] not in self.messages or content["channel"] != CHANNEL:  # a name is no channel here
            return {"ok": False, "error": "message_not_found"}
        self.messages[content["ts"]] = content
        return {"ok": True, "channel": CHANNEL, "ts": content["ts"]}


def sound(content):
    """Whether blocks are within Slack's limits."""
    shown = content.get("blocks", [])
    texts = [block["text"]["text"] for block in shown if "text" in block]
    fields = [block["fields"] for block in shown if "fields" in block]
    return (
        len(shown) <= 50
        and all(0 < len(text) <= 3_000 for text in texts)
        and all(0 < len(some) <= 10 for some in fields)
        and all(0 < len(field["text"]) <= 2_000 for some in fields for field in some)
        and 0 < len(content["text"]) <= 40_000
    )


@pytest.fixture
def rules():
    """What Slack does."""
    return Slack()


@pytest.fixture
def slack(service, rules):
    """Where it does it."""
    return service(rules)


@pytest.fixture
def notifier(slack):
    return SlackNotifier(TOKEN, "#oncall", api_url=f"{slack.url}/api")


def test_an_incident_is_one_message_that_changes(notifier, rules, incident, sent):
    """What happens to it replaces it in place and is told in its thread; the channel sees one message."""
    actions = (Action.TRIGGER, Action.UPDATE, Action.ACKNOWLEDGE, Action.RESOLVE)
    attempts = sent(notifier, *map(incident, actions))

    assert [Outcome.DELIVERED] * 4 == [attempt.outcome for attempt in attempts]
    assert f"{CHANNEL}/1.000100" == attempts[0].reference
    ((time, last),) = rules.messages.items()
    assert ":white_check_mark: *a burns 21x*" == last["blocks"][0]["text"]["text"]
    assert ["Update: a burns 21x", "Acknowledged: a burns 21x", "a burns 21x"] == rules.threads[time]
    assert [] == rules.broadcast


def test_what_is_told_again_is_told_to_the_channel(notifier, rules, incident, sent):
    """A page that was held back for a while calls anew, from the thread of its incident."""
    sent(notifier, incident(), incident())

    assert (1, ["a burns 21x"]) == (len(rules.messages), rules.broadcast)


def test_a_message_that_is_gone_is_said_anew(notifier, rules, incident, sent):
    """Somebody deleted it, or the workspace forbids changes after a while: the end is told all the same."""
    (attempt,) = sent(notifier, incident(Action.RESOLVE), reference=f"{CHANNEL}/9.9")

    assert Outcome.DELIVERED is attempt.outcome
    assert [":white_check_mark: *a burns 21x*"] == [m["blocks"][0]["text"]["text"] for m in rules.messages.values()]


def test_an_attempt_that_got_half_way_is_repeated(notifier, slack, rules, incident, sent):
    """The message was changed and its thread not told: it is changed again, and the thread is told."""
    sent(SlackNotifier(TOKEN, "#oncall", api_url=f"{slack.url}/api"), incident())
    reference, end = f"{CHANNEL}/1.000100", incident(Action.RESOLVE)
    slack.next += [(200, {"ok": True}), (200, {"ok": False, "error": "internal_error"})]
    attempts = sent(notifier, end, end, reference=reference)

    assert [Outcome.RETRY, Outcome.DELIVERED] == [attempt.outcome for attempt in attempts]
    assert {"1.000100": ["a burns 21x"]} == rules.threads


def test_the_message_shows_what_is_known(notifier, rules, incident, sent):
    """Headline, text, facts, links; what looks like Slack's own markup in them is text."""
    sent(notifier, incident())

    (message,) = rules.messages.values()
    head, text, context = message["blocks"]
    description, *facts, places = (line for line in text["text"]["text"].splitlines() if line)
    assert ":rotating_light: *a burns 21x*" == head["text"]["text"]
    assert "The promise: ü" == description
    assert "*Version*: 1.4.2 &lt;canary&gt; &amp; more" == facts[1]
    assert "<https://runbooks.example/a|Runbook> · <https://x/t?a=1&amp;b=2|Trace>" == places
    assert "since 2027-01-15T08:00:00Z" in context["elements"][0]["text"]
    assert ("a burns 21x", False, False) == (message["text"], message["unfurl_links"], message["unfurl_media"])


@given(
    texts=st.lists(
        st.text(alphabet=st.sampled_from("&<>aü\n*|"), max_size=40).map(lambda text: text * 120), min_size=3
    ),
    action=st.sampled_from(Action),
)
def test_whatever_it_says_slack_takes_it(texts, action):
    """Within every limit, escapes counted; never cut within an escape."""
    first, second, third, *facts = texts
    details = {f"{number}{fact[:300]}": fact for number, fact in enumerate(facts)}
    note = Notification(action, "k", {"slo": first}, {"summary": second, "description": third}, 1.0, None, "", details)
    shown = blocks(note, packaged())

    assert sound({"blocks": shown, "text": "x"})
    for text in (part for part in json.dumps(shown, ensure_ascii=False).split("&")[1:]):
        assert text.startswith(("amp;", "lt;", "gt;"))


def test_slack_s_control_characters_are_text():
    """An error message may hold `<!channel>`, and calls nobody by it."""
    assert "&lt;!channel&gt; &amp;amp;" == escaped("<!channel> &amp;")


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        ((429, b"", {"Retry-After": "30"}), Outcome.RETRY, "answered 429"),
        ((200, {"ok": False, "error": "ratelimited"}), Outcome.RETRY, "answered ratelimited"),
        ((200, {"ok": False, "error": "fatal_error"}), Outcome.RETRY, "answered fatal_error"),
        ((200, b"<html>"), Outcome.RETRY, "answered nothing that Slack says"),
        ((503, b""), Outcome.RETRY, "answered 503"),
        ((200, {"ok": False, "error": "is_archived"}), Outcome.REJECTED, "answered is_archived"),
        ((200, {"ok": False, "error": "not_in_channel"}), Outcome.REJECTED, "answered not_in_channel"),
        ((404, b""), Outcome.REJECTED, "answered 404"),
    ],
)
def test_every_answer_has_its_meaning(notifier, slack, incident, sent, said, outcome, reason):
    """Refusals come with status 200; those that time mends are tried again."""
    slack.next.append(said)

    (attempt,) = sent(notifier, incident())

    assert (outcome, reason) == (attempt.outcome, attempt.reason)


def test_a_wrong_token_or_channel_is_final_and_no_token_is_shown(slack, incident, sent, caplog):
    """Both are the operator's to mend, who is told; what waits for nobody goes to the fallback at once."""
    api = f"{slack.url}/api"
    with caplog.at_level(logging.DEBUG):
        (wrong,) = sent(SlackNotifier("xoxb-wr0ng", CHANNEL, api_url=api), incident())
        (nowhere,) = sent(SlackNotifier(TOKEN, "C9", api_url=api), incident())

    assert (Outcome.REJECTED, "answered invalid_auth") == (wrong.outcome, wrong.reason)
    assert (Outcome.REJECTED, "answered channel_not_found") == (nowhere.outcome, nowhere.reason)
    assert "xoxb" not in caplog.text + repr(SlackNotifier(TOKEN, CHANNEL))


def test_an_incoming_webhook_gets_messages_and_changes_none(service, incident, sent):
    """It names no message: beginnings, who took it on, and ends stand alone."""
    hook = service(lambda asked: (200, b"ok") if sound(asked.content) else (400, b"invalid_blocks"))
    actions = (Action.TRIGGER, Action.UPDATE, Action.ACKNOWLEDGE, Action.RESOLVE)
    attempts = sent(SlackHookNotifier(f"{hook.url}/services/T/B/s3cret"), *map(incident, actions))

    assert [Outcome.DELIVERED] * 4 == [attempt.outcome for attempt in attempts]
    assert (NOT_SHOWN, 3) == (attempts[1], len(hook.asked))
    assert "s3cret" not in repr(SlackHookNotifier(f"{hook.url}/services/T/B/s3cret"))


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        ((404, b"no_service"), Outcome.REJECTED, "answered 404: no_service"),
        ((410, b"channel_is_archived"), Outcome.REJECTED, "answered 410: channel_is_archived"),
        ((403, b"<html>token s3cret</html>"), Outcome.REJECTED, "answered 403"),
        ((500, b"rollup_error"), Outcome.RETRY, "answered 500: rollup_error"),
        ((429, b"", {"retry-after": "1"}), Outcome.RETRY, "answered 429"),
    ],
)
def test_an_incoming_webhook_says_what_is_wrong(service, incident, sent, said, outcome, reason):
    """As a word with a status; anything else that comes with it is not shown."""
    hook = service(lambda asked: said)

    (attempt,) = sent(SlackHookNotifier(hook.url), incident())

    assert (outcome, reason) == (attempt.outcome, attempt.reason)
