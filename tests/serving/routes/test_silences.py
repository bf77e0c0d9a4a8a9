"""What may be silenced, and what is said of it."""

import pytest

from fournines.alerts import StoreError
from fournines.alerts.silences import silences as kept_silences
from fournines.collector.registry.catalogue import Catalogue

PATH = "/api/v1/silences"
SAID = {"until": "2026-09-21T14:00:00Z", "author": "ann", "reason": "deploying"}
ENDED = {"author": "ben", "reason": "done"}


@pytest.fixture
def sources(sources, slo):
    """One SLO of one service."""
    sources.catalogue = Catalogue(1, (slo("pay-quick", "pay"),), {}, frozenset())
    return sources


@pytest.mark.parametrize(
    ("body", "matchers", "start", "until"),
    [
        ({"slo": "pay-quick", **SAID}, {"slo": "pay-quick"}, "2026-09-21T14:13:20Z", "2026-09-21T15:13:20Z"),
        (
            {"service": "p*", "severity": "ticket"},
            {"service": "p*", "severity": "ticket"},
            "2026-09-21T14:13:20Z",
            "2026-09-21T15:13:20Z",
        ),
        (
            {"matchers": {"team": "a*", "kind": "no_data"}},
            {"kind": "no_data", "team": "a*"},
            "2026-09-21T14:13:20Z",
            "2026-09-21T15:13:20Z",
        ),
        (
            {"slo": "pay-quick", "start": 1_790_000_600},
            {"slo": "pay-quick"},
            "2026-09-21T14:23:20Z",
            "2026-09-21T15:23:20Z",
        ),
        (
            {"slo": "pay-quick", "start": "2026-09-21T17:00:00+02:00", "until": 1_790_090_000, "duration": None},
            {"slo": "pay-quick"},
            "2026-09-21T15:00:00Z",
            "2026-09-22T15:13:20Z",
        ),
    ],
)
def test_a_silence_says_whom_until_when_and_why(ask, body, matchers, start, until):
    """It is answered as it is kept, and listed."""
    said = {"duration": "1h", "author": "ann", "reason": "deploying"} | body
    if said["duration"] is None or "until" in said:
        said.pop("duration" if said["duration"] is None else "until")
    answer = ask(PATH, "POST", json=said)

    assert 201 == answer.status_code, answer.text
    made = answer.json()
    expected = {"id": 1, "matchers": matchers, "start": start, "until": until, "author": "ann", "reason": "deploying"}
    assert expected.items() <= made.items()
    assert [made] == ask(PATH).json()["silences"]
    assert ("pending" if start > "2026-09-21T14:13:20Z" else "active", None) == (made["state"], made["ended"])


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"slo": "nowhere"}, 404, "no SLO named"),
        ({"slo": "no*"}, 404, "no SLO named"),
        ({"slo": None, "service": "nobody"}, 404, "no SLO of a service"),
        ({"slo": None, "matchers": {"slo": "nowhere"}}, 404, "no SLO named"),
        ({"slo": None}, 422, "whose alerts"),
        ({"slo": None, "matchers": {"team": "*"}}, 422, "whose alerts"),
        ({"matchers": {"slo": "x"}}, 422, "twice"),
        ({"matchers": {"": "x"}}, 422, "is empty"),
        ({"matchers": {"\x1b[2J": "x"}}, 422, "none to be read"),
        ({"matchers": {"team": "\x1b[2J"}}, 422, "none to be read"),
        ({"slo": None, "severity": "page"}, 422, "every outage"),
        ({"matchers": {str(n): "x" for n in range(21)}}, 422, "at most 20"),
        ({"severity": "warning"}, 422, "'page' or 'ticket'"),
        ({"until": None}, 422, "`until` and `duration`"),
        ({"duration": "1h"}, 422, "not both"),
        ({"until": "2026-09-21T14:13:20Z"}, 422, "not after"),
        ({"until": "2026-12-21T14:13:20Z"}, 422, "35 days"),
        ({"until": "9999-12-31T23:59:59-14:00"}, 422, "1970 to 9999"),
        ({"until": "0001-01-01T00:00:00+14:00"}, 422, "1970 to 9999"),
        ({"until": "2026-09-21 17:00"}, 422, "timezone"),
        ({"until": None, "duration": "soon"}, 422, "is no duration"),
        ({"start": "2026-09-21T13:00:00Z"}, 422, "in the past"),
        ({"start": "2028-09-21T13:00:00Z", "until": "2028-09-21T14:00:00Z"}, 422, "within 400 days"),
        ({"author": " "}, 422, "empty"),
        ({"reason": "x" * 501}, 422, "500"),
        ({"untill": 5}, 422, "Extra"),
    ],
)
def test_what_would_hide_more_or_nothing_is_refused(ask, change, status, words):
    """Nothing is kept, and the answer says why."""
    body = {"slo": "pay-quick", **SAID, "until": "2026-09-21T15:00:00Z"} | change
    answer = ask(PATH, "POST", json={key: value for key, value in body.items() if value is not None})

    assert status == answer.status_code, answer.text
    assert words in answer.text
    assert [] == ask(PATH, params={"past": 10}).json()["silences"]


@pytest.mark.parametrize("service", ["shop", "pay", "p*"])
def test_who_sends_and_who_promised_can_both_be_silenced(ask, sources, slo, service):
    """Where callers measure what another promised, the promise burns by one name, and data is missing by the other."""
    sources.catalogue = Catalogue(1, (slo("pay-seen", "shop", provider="pay"),), {}, frozenset())
    said = {"service": service, "duration": "1h", "author": "ann", "reason": "deploying"}

    assert 201 == ask(PATH, "POST", json=said).status_code


def test_a_silence_is_ended_once_and_stays_known(ask):
    """By somebody, for a reason; the second time there is nothing to end."""
    ask(PATH, "POST", json={"service": "pay", "duration": "1h", "author": "ann", "reason": "deploying"})
    ended = ask(f"{PATH}/1", "DELETE", params=ENDED)

    assert 200 == ended.status_code
    said = ended.json()
    assert ("over", "ben", "done") == (said["state"], said["ended_by"], said["ended_reason"])
    assert [] == ask(PATH).json()["silences"]
    assert [said] == ask(PATH, params={"past": 5}).json()["silences"]
    assert [409, 404, 422, 422] == [
        ask(f"{PATH}/{number}", "DELETE", params=params).status_code
        for number, params in ((1, ENDED), (2, ENDED), (1, {"author": "ben"}), (1, ENDED | {"reason": " "}))
    ]


def test_there_is_an_end_to_the_room(ask, monkeypatch):
    """Whoever asks for one silence too many is told what to do."""
    monkeypatch.setattr(kept_silences, "MOST_IN_FORCE", 1)
    said = {"service": "pay", "duration": "1h", "author": "ann", "reason": "deploying"}

    assert [201, 409] == [ask(PATH, "POST", json=said).status_code for _ in range(2)]


def test_while_nothing_can_be_kept_it_is_to_be_asked_again(ask, silences, monkeypatch):
    """A full disk is nobody's mistake who asks."""

    def full(*_):
        raise StoreError("alerts can't be written: database or disk is full")

    said = {"service": "pay", "duration": "1h", "author": "ann", "reason": "deploying"}
    for name in ("add", "known", "end"):
        monkeypatch.setattr(silences, name, full)
    answers = [
        ask(PATH, "POST", json=said),
        ask(PATH),
        ask(f"{PATH}/1", "DELETE", params=ENDED),
    ]

    assert [(503, "1")] * 3 == [(answer.status_code, answer.headers["Retry-After"]) for answer in answers]
    assert "disk is full" in answers[0].json()["detail"]
