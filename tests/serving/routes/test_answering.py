"""What people on call say of alerts."""

from __future__ import annotations

import pytest

from fournines.alerts import Alert, AlertKey, AlertKind, Firing, OpenAlerts

KEY = AlertKey(AlertKind.PAGE, "team/a b")
PATH = "/api/v1/alerts/slo/team%2Fa%20b/page"
TAKE = {"author": "ann", "duration": "30m"}


@pytest.fixture
def answers(answers, now):
    """One page is open, of an SLO whose name holds a slash and a space."""
    alert = Alert(KEY, "team/a b", "shop", {"severity": "page"}, "it burns", "it burns 20x", Firing(now - 60), number=7)
    answers.open[KEY] = alert
    return answers


@pytest.mark.parametrize("path", [PATH, "/api/v1/alerts/7"])
@pytest.mark.parametrize(
    ("said", "until"),
    [({"duration": "30m"}, "2026-09-21T14:43:20Z"), ({"until": "2026-09-21T16:00:00+02:00", "note": "on it"}, None)],
)
def test_somebody_takes_an_alert_on_and_gives_it_back(ask, path, said, until):
    """By its key or its number, for so long or until then."""
    if until is None:
        said, until = said | {"until": "2026-09-21T17:00:00+02:00"}, "2026-09-21T15:00:00Z"
    taken = ask(f"{path}/acknowledge", "POST", json={"author": "ann", **said})

    assert 200 == taken.status_code, taken.text
    expected = {"by": "ann", "at": "2026-09-21T14:13:20Z", "until": until, "note": said.get("note", "")}
    assert expected == taken.json()["acknowledged"]
    given = [ask(f"{path}/acknowledge", "DELETE", params={"author": "ann"}) for _ in range(2)]
    assert [200, 409] == [answer.status_code for answer in given]
    assert given[0].json()["acknowledged"] is None


def test_what_was_found_is_written_down(ask):
    """In its order, with who wrote it."""
    for text in ("the new version", "rolled back"):
        noted = ask(f"{PATH}/notes", "POST", json={"author": "ann", "text": text})

    assert 201 == noted.status_code
    assert [("ann", "the new version"), ("ann", "rolled back")] == [
        (note["by"], note["text"]) for note in noted.json()["notes"]
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"author": " "}, "empty"),
        ({"author": None}, "required"),
        ({"duration": None}, "`until` and `duration`"),
        ({"duration": "soon"}, "no duration"),
        ({"duration": "8d"}, "within 7 days"),
        ({"duration": None, "until": "2026-09-21T14:13:20Z"}, "later than now"),
        ({"duration": None, "until": "9999-12-31T23:59:59-14:00"}, "1970 to 9999"),
        ({"duration": None, "until": 1e300}, "less than or equal"),
        ({"note": "x" * 501}, "500"),
        ({"by": "ann"}, "Extra"),
    ],
)
def test_what_is_no_acknowledgement_is_refused(ask, answers, change, words):
    """Nobody has the alert then."""
    body = {key: value for key, value in (TAKE | change).items() if value is not None}
    answer = ask(f"{PATH}/acknowledge", "POST", json=body)

    assert 422 == answer.status_code
    assert words in answer.text
    assert answers.open[KEY].acknowledged is None


@pytest.mark.parametrize("name", ["8", "slo/calm/page", "team/a b", "x" * 2_000, "%00", "slo/team%2Fa%20b/ticket"])
def test_what_is_not_open_can_not_be_answered(ask, name):
    """Nor can what ended meanwhile."""
    path = f"/api/v1/alerts/{name}"
    answers = [
        ask(f"{path}/acknowledge", "POST", json=TAKE),
        ask(f"{path}/acknowledge", "DELETE", params={"author": "ann"}),
        ask(f"{path}/notes", "POST", json={"author": "ann", "text": "x"}),
    ]

    assert [404] * 3 == [answer.status_code for answer in answers]
    assert "is open" in answers[0].json()["detail"]


def test_what_the_collector_says_of_itself_is_not_taken_on(ask):
    """It stands among the alerts, so whoever tries learns that it never can be."""
    answer = ask("/api/v1/alerts/collector/node-1/lag/sending/acknowledge", "POST", json=TAKE)

    assert 404 == answer.status_code
    assert "about the collector itself" in answer.json()["detail"]


def test_who_gives_back_what_somebody_else_gave_back_a_moment_before_learns_that(ask, answers, monkeypatch):
    """Not that the alert is over, which it is not."""
    answers.acknowledge(KEY, "ann", 2e9, "", 1e9)
    before = answers.alerts()
    answers.unacknowledge(KEY, "ben", "", 1e9)
    monkeypatch.setattr(answers, "alerts", lambda: before)
    answer = ask(f"{PATH}/acknowledge", "DELETE", params={"author": "ann"})

    assert (409, "nobody has acknowledged slo/team/a b/page") == (answer.status_code, answer.json()["detail"])


def test_an_alert_that_ends_meanwhile_is_not_there_any_more(ask, answers, monkeypatch):
    """Between the look and the deed."""
    before = OpenAlerts(dict(answers.open))
    monkeypatch.setattr(answers, "alerts", lambda: before)
    answers.open.clear()

    assert 404 == ask(f"{PATH}/acknowledge", "POST", json=TAKE).status_code


def test_while_nothing_can_be_kept_it_is_to_be_said_again(ask, answers):
    """An acknowledgement that is lost would be worse."""
    answers.full = "alerts can't be written: database or disk is full"
    answer = ask(f"{PATH}/acknowledge", "POST", json=TAKE)

    assert (503, "1") == (answer.status_code, answer.headers["Retry-After"])


def test_a_body_that_a_form_of_another_site_could_send_is_not_taken(ask, answers):
    """Browsers send it without asking first, whatever it holds."""
    said = b'{"author": "eve", "duration": "7d"}'
    answer = ask(f"{PATH}/acknowledge", "POST", content=said, headers={"Content-Type": "text/plain"})

    assert 422 == answer.status_code
    assert answers.open[KEY].acknowledged is None
