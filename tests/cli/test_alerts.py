"""`alerts` as somebody types it at night."""

import json

import pytest

ALERT = {
    "key": "slo/pay-quick/page",
    "number": 7,
    "slo": "pay-quick",
    "service": "pay",
    "severity": "page",
    "since": "2026-11-22T03:12:45Z",
    "reason": "1h and 5m burn above 14.4",
    "held_back": None,
    "acknowledged": None,
    "why": [
        {"stage": "route", "decision": "passes", "reason": "hook is told of pages", "at": "2026-11-22T03:12:45Z"},
        {"stage": "told", "decision": "told", "reason": "it fires", "at": "2026-11-22T03:12:45Z"},
    ],
    "notes": [{"at": "2026-11-22T03:14:00Z", "by": "ann", "text": "the new version"}],
}
TAKEN = {"by": "ann", "at": "2026-11-22T03:13:00Z", "until": "2026-11-22T04:13:00Z", "note": ""}
TICKET = ALERT | {
    "key": "slo/pay-quick/ticket",
    "number": 8,
    "severity": "ticket",
    "held_back": "held back by the page",
}
SILENCE = {
    "id": 3,
    "state": "active",
    "matchers": {"service": "pay", "team": "a*"},
    "start": "2026-11-22T03:00:00Z",
    "until": "2026-11-22T05:00:00Z",
    "author": "ann",
    "reason": "deploying",
    "ended": None,
    "ended_by": None,
    "ended_reason": None,
}


def open_(*alerts):
    return {"alerts": list(alerts)}


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], 0),
        ([TICKET], 0),
        ([ALERT], 1),
        ([ALERT | {"acknowledged": TAKEN}], 0),
        ([ALERT | {"acknowledged": TAKEN}, ALERT], 1),
        ([ALERT | {"held_back": "silenced by ann until 2026-11-22T05:00:00Z: deploying"}], 0),
    ],
)
def test_it_fails_while_a_page_waits_for_somebody(typed, asked, found, code):
    """Whoever scripts it learns whether anything is left to be done at once."""
    asked(200, open_(*found))

    assert code == typed("alerts").exit_code
    assert code == typed("alerts", "--json").exit_code


def test_it_says_who_has_what_and_why_nobody_is_told(typed, asked):
    """A line each."""
    asked(200, open_(ALERT | {"acknowledged": TAKEN}, TICKET))
    heads, page, ticket = typed("alerts").output.splitlines()

    assert ["ALERT", "NUMBER", "SEVERITY", "SINCE", "WHO", "REASON"] == heads.split()
    assert "slo/pay-quick/page" in page
    assert "ann until 2026-11-22T04:13:00Z" in page
    assert ticket.endswith("  -                               1h and 5m burn above 14.4; held back by the page")


def test_why_says_what_every_stage_decided_and_what_people_noted(typed, asked):
    """In the order in which they were asked."""
    asked(200, open_(ALERT))

    assert [
        "slo/pay-quick/page:",
        "  2026-11-22T03:12:45Z  route: passes: hook is told of pages",
        "  2026-11-22T03:12:45Z  told: told: it fires",
        "  2026-11-22T03:14:00Z  note of ann: the new version",
    ] == typed("alerts", "--why").output.splitlines()[3:]


def test_nobody_to_ask_is_no_calm(typed, free_port):
    """Nor is an option in the wrong place."""
    assert 2 == typed("alerts", "--url", f"http://127.0.0.1:{free_port()}").exit_code
    assert 2 == typed("alerts", "--url", "http://elsewhere:1", "silences").exit_code


@pytest.mark.parametrize("said", ["7", "slo/pay-quick/page", "pay-quick", "pay"])
@pytest.mark.parametrize(
    ("words", "method", "path", "body"),
    [
        (
            ["ack", "{}", "--until", "30m", "--note", "on it"],
            "POST",
            "acknowledge",
            {"author": "ann", "note": "on it", "duration": "30m"},
        ),
        (
            ["ack", "{}", "--for", "2026-11-22T05:00:00Z"],
            "POST",
            "acknowledge",
            {"author": "ann", "note": "", "until": "2026-11-22T05:00:00Z"},
        ),
        (["unack", "{}"], "DELETE", "acknowledge", None),
        (["note", "{}", "the new version"], "POST", "notes", {"author": "ann", "text": "the new version"}),
    ],
)
def test_an_alert_is_answered_by_any_of_its_names(typed, asked, said, words, method, path, body):
    """By whoever is logged in, unless they say otherwise."""
    requests = asked(200, ALERT | {"acknowledged": TAKEN} | open_(ALERT))
    done = typed("alerts", *(word.format(said) for word in words), USER="ann")

    assert 0 == done.exit_code, done.output
    assert (method, f"/api/v1/alerts/slo/pay-quick/page/{path}") == (requests[-1].method, requests[-1].url.path)
    assert body == (json.loads(requests[-1].content) if requests[-1].content else None)
    assert "slo/pay-quick/page" in done.output


def test_several_alerts_of_one_name_are_told_apart(typed, asked):
    """Nothing is acknowledged that was not meant; a name nobody has is left to the collector to refuse."""
    requests = asked(200, open_(ALERT, TICKET))
    done = typed("alerts", "ack", "pay-quick", "--author", "ann")

    assert (1, 1) == (done.exit_code, len(requests))
    assert "slo/pay-quick/page, slo/pay-quick/ticket" in done.output
    requests = asked(404, {"detail": "no alert 'x' is open"})
    assert 1 == typed("alerts", "ack", "x", "--author", "ann").exit_code


def test_somebody_says_it(typed):
    """Where nobody is known to be logged in, they have to say who they are."""
    done = typed("alerts", "ack", "x", USER=None)

    assert 2 == done.exit_code
    assert "--author" in done.output


def test_a_silence_is_made_of_what_was_said(typed, asked):
    """And answered with its number."""
    requests = asked(201, SILENCE)
    words = ["--service", "pay", "--match", "team=a*", "--severity", "page", "--for", "2h", "--reason", "deploying"]
    done = typed("alerts", "silence", *words, USER="ann")
    expected = {
        "service": "pay",
        "matchers": {"team": "a*"},
        "severity": "page",
        "duration": "2h",
        "reason": "deploying",
        "author": "ann",
    }

    assert [("POST", "/api/v1/silences", expected)] == [
        (each.method, each.url.path, json.loads(each.content)) for each in requests
    ]
    assert (
        "alerts with service=pay, team=a* are silenced until 2026-11-22T05:00:00Z; this is silence 3\n" == done.output
    )


def test_a_label_without_a_pattern_is_mistyped(typed):
    """Before anybody is asked."""
    done = typed("alerts", "silence", "--match", "team", "--for", "2h", "--reason", "x", "--author", "ann")

    assert 2 == done.exit_code
    assert "write team=pay*" in done.output


def test_silences_are_listed_and_ended(typed, asked):
    """With who ended them, and why."""
    requests = asked(
        200,
        SILENCE
        | {
            "silences": [
                SILENCE,
                SILENCE | {"ended": "2026-11-22T04:00:00Z", "ended_by": "ben", "ended_reason": "done"},
            ]
        },
    )
    done = typed("alerts", "unsilence", "3", "--reason", "done", "--author", "ben")
    listed = typed("alerts", "silences", "--past", "5").output.splitlines()

    assert "silence 3 of alerts with service=pay, team=a* is over\n" == done.output
    assert {"author": "ben", "reason": "done"} == dict(requests[0].url.params)
    assert {"past": "5"} == dict(requests[1].url.params)
    assert listed[1].endswith("2026-11-22T05:00:00Z  ann  deploying")
    assert listed[2].endswith("2026-11-22T04:00:00Z  ann  deploying; ended by ben: done")
    asked(200, {"silences": []})
    assert "nothing is silenced\n" == typed("alerts", "silences").output
    assert "[]\n" == typed("alerts", "silences", "--json").output
