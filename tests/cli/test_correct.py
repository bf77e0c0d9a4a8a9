"""`correct` as somebody types it after the maintenance."""

import json

import pytest

SAID = ("correct", "--start", "2026-11-22T01:00:00Z", "--author", "ana", "--reason", "new database")
MADE = {"id": 7, "start": "2026-11-22T01:00:00Z", "end": "2026-11-22T03:00:00Z"}


def test_it_sends_what_was_said(typed, asked):
    """And nothing else; it says how the correction is called."""
    requests = asked(201, MADE)
    done = typed(*SAID, "--service", "payments", "--duration", "2h", "--rule", "FREQ=DAILY", "--zone", "Europe/Berlin")
    expected = {
        "service": "payments",
        "start": "2026-11-22T01:00:00Z",
        "duration": "2h",
        "rule": "FREQ=DAILY",
        "zone": "Europe/Berlin",
        "author": "ana",
        "reason": "new database",
    }

    assert [("POST", "/api/v1/corrections", expected)] == [
        (each.method, each.url.path, json.loads(each.content)) for each in requests
    ]
    assert (0, "payments is corrected from 2026-11-22T01:00:00Z to 2026-11-22T03:00:00Z; this is correction 7\n") == (
        done.exit_code,
        done.output,
    )


def test_a_refusal_is_told(typed, asked):
    """In the collector's words."""
    asked(404, {"detail": "there is no SLO named 'pay'"})
    done = typed(*SAID, "--slo", "pay", "--duration", "2h")

    assert 1 == done.exit_code
    assert "refuses" in done.output
    assert "there is no SLO named 'pay'" in done.output


def test_nobody_to_ask(typed, free_port):
    """A sentence, and what could not be reached."""
    done = typed(*SAID, "--slo", "pay", "--duration", "2h", "--url", f"http://127.0.0.1:{free_port()}")

    assert 1 == done.exit_code
    assert "can't be asked" in done.output


@pytest.mark.parametrize("answer", [{}, [], 1, {"id": 7}])
def test_what_is_no_collector_ends_in_a_sentence(typed, asked, answer):
    """Something else may listen there, and speak JSON too."""
    asked(200, answer)
    done = typed(*SAID, "--slo", "pay", "--duration", "2h")

    assert 1 == done.exit_code
    assert "answers as no collector of this version does" in done.output
