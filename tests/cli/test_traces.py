"""`traces` as somebody types it at night."""

import json

import pytest

TRACE = "0af7651916cd43dd8448eb211c80319c"
LINE = {
    "trace_id": TRACE,
    "service": "payments",
    "route": "/pay",
    "state": "failed",
    "start": 1_790_000_000.25,
    "duration_seconds": 0.031,
    "status_code": "503",
    "error": "503",
    "name": "POST /pay",
}


def span(name, depth, offset, seconds, status="unset", **more):
    return {
        "name": name,
        "service": "payments",
        "depth": depth,
        "start": 1_790_000_000.25 + offset,
        "offset_seconds": offset,
        "duration_seconds": seconds,
        "status": status,
        "status_message": "",
    } | more


ONE = LINE | {
    "received": 1_790_000_001.0,
    "spans": [
        span("POST /pay", 0, 0.0, 0.03, "error"),
        span("SELECT\x1b[2J", 1, 0.01, 0.01),
        span("late", 1, 0.03, 0.0),
    ],
    "logs": [{"time": 1_790_000_000.26, "service": "payments", "severity": "ERROR", "body": {"why": "no\nway"}}],
}


def test_a_line_a_trace(typed, asked):
    """What was asked for is handed on; the id is what the next command takes."""
    requests = asked(200, {"traces": [LINE], "next": None})
    done = typed("traces", "--service", "payments", "--route", "/pay", "--state", "failed", "--limit", "5")

    assert {"service": "payments", "route": "/pay", "state": "failed", "limit": "5"} == dict(requests[0].url.params)
    assert [TRACE, "failed", "2026-09-21T14:13:20.250Z", "31.0", "ms", "503", "payments", "POST", "/pay"] == (
        done.output.splitlines()[1].split()
    )
    assert [LINE] == json.loads(typed("traces", "--json").output)


def test_nothing_kept_is_said(typed, asked):
    """An empty list is an answer."""
    asked(200, {"traces": [], "next": None})

    assert (0, "no such trace is kept\n") == (typed("traces").exit_code, typed("traces").output)


def test_one_trace_is_a_waterfall(typed, asked):
    """Children under their parents, each with its bar where it ran; logs behind it; nothing that a terminal would obey."""
    asked(200, ONE)
    lines = typed("traces", TRACE).output.splitlines()

    assert f"{TRACE}  failed  payments /pay  2026-09-21T14:13:20.250Z" == lines[0]
    assert lines[2].endswith("error   " + "=" * 30)
    assert lines[3].startswith("  SELECT [2J")
    assert lines[3].endswith("unset   " + " " * 10 + "=" * 10)
    assert lines[4].endswith("unset   " + " " * 29 + "=")
    assert lines[5].endswith('payments  ERROR: {"why": "no\\nway"}')
    assert ONE == json.loads(typed("traces", TRACE, "--json").output)


def test_nothing_that_was_sent_moves_the_terminal(typed, asked):
    """Names and words of a trace are data: no line is begun, no title set and no text turned round by any of them."""
    evil = "\x1b]0;gone\x07\x9b2J\n\u202e"
    hostile = {
        key: f"{text}{evil}" if key in {"service", "route", "error", "name"} else text for key, text in ONE.items()
    }
    hostile["spans"] = [span(evil, 0, 0.0, 0.03, service=evil, status_message=evil)]
    hostile["logs"] = [{"time": 1_790_000_000.26, "service": evil, "severity": evil, "body": evil}]
    for words, found, lines in (
        ((), {"traces": [hostile | {"status_code": ""}], "next": None}, 2),
        ((TRACE,), hostile, 4),
    ):
        asked(200, found)
        shown = typed("traces", *words).output.split("\n")

        assert lines + 1 == len(shown)
        assert all(line.isprintable() for line in shown)


@pytest.mark.parametrize(("words", "status"), [(["--state", "dead"], 200), ([TRACE], 404)])
def test_what_is_none_ends_with_two(typed, asked, words, status):
    """A mistyped state, and a trace that is not kept."""
    asked(status, {"detail": "no trace is kept"})

    assert 2 == typed("traces", *words).exit_code
