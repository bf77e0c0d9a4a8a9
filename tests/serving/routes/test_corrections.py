"""What may be corrected by hand, and what is said of it."""

import pytest

from fournines.collector.registry.catalogue import Catalogue
from fournines.slo import Correction

ONCE = {"start": "2026-11-22T01:00:00Z", "end": "2026-11-22T03:00:00Z", "author": "ana", "reason": "new database"}
WEEKLY = {"start": "2026-01-04 02:00:00", "duration": "1h", "rule": "FREQ=WEEKLY;BYDAY=SU", "zone": "Europe/Berlin"}
PATH = "/api/v1/corrections"


@pytest.fixture
def sources(sources, slo):
    """One SLO, which its file corrects."""
    filed = Correction(1_767_488_400, 3_600, "weekly patches", "ops", "FREQ=WEEKLY;BYDAY=SU", "UTC")
    sources.catalogue = Catalogue(1, (slo("pay-quick", "pay", corrections=(filed,)),), {}, frozenset())
    return sources


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"slo": "pay-quick", **ONCE}, ("2026-11-22T01:00:00Z", "2026-11-22T03:00:00Z", "", "UTC")),
        (
            {"service": "pay", **ONCE, "start": 1_795_309_200},
            ("2026-11-22T01:00:00Z", "2026-11-22T03:00:00Z", "", "UTC"),
        ),
        (
            {"slo": "pay-quick", "author": "ops", "reason": "patches", **WEEKLY},
            ("2026-01-04T01:00:00Z", "2026-01-04T02:00:00Z", "FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin"),
        ),
    ],
)
def test_a_correction_is_said_as_files_say_it(ask, body, expected):
    """It is answered with a number of its own, in UTC, and listed with whom it concerns and who made it."""
    answer = ask(PATH, "POST", json=body)
    listed = ask(PATH, params={"slo": "pay-quick"}).json()["corrections"]

    assert 201 == answer.status_code
    made = answer.json()
    assert expected == (made["start"], made["end"], made["rule"], made["zone"])
    assert (1, body.get("slo"), body.get("service"), body["author"], None) == (
        made["id"],
        made["slo"],
        made["service"],
        made["author"],
        made["ended"],
    )
    assert made in listed


def test_what_files_say_is_told_apart(ask):
    """It has no number: it ends in the file."""
    [found] = ask(PATH).json()["corrections"]

    assert ("file", "pay-quick", None, "ops") == (found["from"], found["slo"], found["id"], found["author"])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"slo": "nowhere"}, 404),
        ({"slo": None, "service": "nobody"}, 404),
        ({"service": "pay"}, 422),
        ({"slo": None}, 422),
        ({"end": "2026-11-22T01:00:00Z"}, 422),
        ({"duration": "1h"}, 422),
        ({"end": None}, 422),
        ({"start": "yesterday"}, 422),
        ({"start": 10**18}, 422),
        ({"start": True}, 422),
        ({"start": "9999-12-31T23:00:00Z", "end": None, "duration": "1h"}, 422),
        ({"start": "0001-01-01T00:00:00+14:00"}, 422),
        ({"start": "1970-01-01 00:00:00", "zone": "Asia/Tokyo"}, 422),
        ({"zone": "Mars"}, 422),
        ({"rule": "FREQ=SECONDLY"}, 422),
        ({"author": " "}, 422),
        ({"reason": "x" * 501}, 422),
        ({"until": "2027"}, 422),
    ],
)
def test_what_is_no_correction_is_refused(ask, sources, change, status):
    """Nobody is asked to keep what can't be right, and the answer says why."""
    body = {key: value for key, value in ({"slo": "pay-quick", **ONCE} | change).items() if value is not None}
    answer = ask(PATH, "POST", json=body)

    assert status == answer.status_code
    assert answer.json()["detail"]
    assert sources.asked == []


def test_a_correction_is_taken_back_once_and_stays_known(ask):
    """By somebody, for a reason; the second time there is nothing to take back."""
    ask(PATH, "POST", json={"service": "pay", **ONCE})
    said = {"author": "ben", "reason": "wrong day"}
    ended = ask(f"{PATH}/1", "DELETE", params=said)

    assert 200 == ended.status_code
    assert ("ben", "wrong day") == (ended.json()["ended_by"], ended.json()["ended_reason"])
    assert ended.json() in ask(PATH).json()["corrections"]
    silent, blank = {"author": "ben"}, said | {"author": " "}
    assert [409, 404, 422, 422] == [
        ask(f"{PATH}/{number}", "DELETE", params=params).status_code
        for number, params in ((1, said), (2, said), (1, silent), (1, blank))
    ]


def test_there_is_an_end_to_the_room(ask):
    """Whoever asks for one correction too many is told what to do."""
    answers = [ask(PATH, "POST", json={"service": "pay", **ONCE}) for _ in range(2)]

    assert [201, 409] == [answer.status_code for answer in answers]
