"""`deployments` as somebody types it after a bad week."""

import json

import pytest

FIGURES = {
    "deployments": 2,
    "per_day": 2 / 30,
    "seconds_to_deploy": 125.0,
    "failed": 1,
    "change_failure_rate": 0.5,
    "seconds_to_restore": 600.0,
}
BAD = {
    "service": "payments",
    "version": "2.0",
    "author": "ana",
    "started": "2026-11-20T00:00:00Z",
    "finished": "2026-11-20T00:02:05Z",
    "rolled_back": "2026-11-20T00:12:00Z",
    "seconds": 125.0,
    "failures": ["paged for payments-availability", "rolled back"],
    "budget_burnt": [{"slo": "payments-availability", "share": 0.125}, {"slo": "payments-latency", "share": None}],
}
NEW = BAD | {"version": "2.1", "author": "", "seconds": None, "failures": [], "budget_burnt": [], "started": None}
NOTHING = dict.fromkeys(FIGURES) | {"deployments": 0, "per_day": 0.0, "failed": 0}


def test_figures_come_first_and_then_each_deployment(typed, asked):
    """Counts beside shares, lengths in words; what nobody knows is a dash."""
    requests = asked(200, {"figures": FIGURES, "deployments": [NEW, BAD]})
    done = typed("deployments", "--service", "payments", "--last", "7d")

    assert done.exit_code == 0
    assert [dict(each.url.params) for each in requests] == [{"service": "payments", "last": str(7 * 86_400)}]
    assert done.output.splitlines() == [
        "release frequency     2 ended, 0.067 a day",
        "deployment time       2 min 5 s median",
        "change-failure rate   1 of 2, 50 %",
        "time to restore       10 min median",
        "",
        "SERVICE   VERSION  BEGAN                 TOOK       AUTHOR  BURNT   FAILED",
        "payments  2.1      2026-11-20T00:02:05Z  -          -       -       -",
        "payments  2.0      2026-11-20T00:00:00Z  2 min 5 s  ana     12.5 %  paged for payments-availability; rolled back",
    ]


def test_nothing_told_and_nothing_known_are_said(typed, asked):
    """No deployment at all is a sentence; of one that is under way, figures are dashes."""
    asked(200, {"figures": NOTHING, "deployments": []})
    assert "nobody told of a deployment in the last 30d" in typed("deployments").output
    asked(200, {"figures": NOTHING, "deployments": [NEW]})
    assert "change-failure rate   -" in typed("deployments").output


@pytest.mark.parametrize(("each", "said"), [(123.4, "120"), (99.6, "100"), (0.0025, "0.0025"), (20_000.0, "20000")])
def test_many_a_day_are_written_as_people_do(typed, asked, each, said):
    """To two figures, and never as a power of ten."""
    asked(200, {"figures": FIGURES | {"per_day": each}, "deployments": [BAD]})
    assert f"2 ended, {said} a day" in typed("deployments").output


@pytest.mark.parametrize("answer", [[], {"status": "ok"}, {"deployments": []}])
def test_what_answers_as_no_collector_does_ends_in_a_sentence(typed, asked, answer):
    """Something else may listen at that address."""
    asked(200, answer)
    done = typed("deployments")

    assert done.exit_code == 1
    assert "answers as no collector of this version does" in done.output


def test_json_is_what_the_api_says(typed, asked):
    """For whoever counts on."""
    asked(200, {"figures": FIGURES, "deployments": [BAD]})
    assert json.loads(typed("deployments", "--json").output)["deployments"] == [BAD]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(("--last", "soon"), 2, "--last"), (("--url", "http://"), 1, "can't be asked"), ((), 1, "refuses")],
)
def test_what_can_not_be_answered_ends_in_a_sentence(typed, asked, words, code, said):
    """A length that is none, an address that is none, a collector that refuses."""
    if not words:
        asked(422, {"detail": "no"})
    done = typed("deployments", *words)

    assert done.exit_code == code
    assert said in done.output
