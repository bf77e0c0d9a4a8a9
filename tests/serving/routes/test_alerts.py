"""What is said of alerts that are open and of those that are over, and what people say of the latter."""

import pytest

from fournines.alerts import Alert, AlertKey, AlertKind, EndedAlert, Firing, OpenAlerts, StoreError

PATH = "/api/v1/alerts"
SAID = {"useful": False, "author": "ann", "note": "a test"}


def an_alert(number, name="pay-quick", service="pay", since=1_789_999_000.0):
    """A page that people were told of."""
    return Alert(
        key=AlertKey(AlertKind.PAGE, name),
        slo=name,
        service=service,
        labels={},
        reason="1h and 5m burn above 14.4",
        summary="it burns",
        firing=Firing(since),
        told=True,
        number=number,
    )


@pytest.fixture
def sources(sources, answers):
    """One that is open, two that are over."""
    page = an_alert(9)
    answers.open = {page.key: page}
    sources.open = OpenAlerts(answers.open)
    sources.over = [EndedAlert(an_alert(number), 1_789_999_500.25) for number in (7, 4)]
    return sources


def listed(answer):
    """The numbers of those listed, with their states."""
    assert 200 == answer.status_code, answer.text
    return [(each["number"], each["state"]) for each in answer.json()["alerts"]]


def test_what_is_open_is_listed_unless_more_is_asked_for(ask, sources):
    """As it always was, and nobody reads the past for it."""
    assert [(9, "firing")] == listed(ask(PATH))
    assert {"alerts", "next"} == ask(PATH).json().keys()
    assert [] == sources.asked


def test_what_is_over_is_listed_by_itself_or_behind_what_is_open(ask):
    """The last to end first."""
    ended = [(7, "ended"), (4, "ended")]
    assert ended == listed(ask(PATH, params={"state": "ended"}))
    assert [(9, "firing"), *ended] == listed(ask(PATH, params={"state": "all"}))


def test_a_list_goes_on_where_the_answer_before_says(ask, sources):
    """And at its end says nothing; what is open is not said again."""
    first = ask(PATH, params={"state": "all", "limit": 2}).json()
    assert "1789999500.25_4" == first["next"]
    sources.over = sources.over[1:]
    rest = ask(PATH, params={"state": "all", "limit": 2, "cursor": first["next"]})
    assert [(4, "ended")] == listed(rest)
    assert rest.json()["next"] is None
    assert (1_789_999_500.25, 4) == sources.asked[-1][-1]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (0.0, 253_402_300_799.0, "", "")),
        (
            {"since": "1790000000", "until": "2026-09-21T15:00:00+00:00"},
            (1_790_000_000.0, 1_790_002_800.0, "", ""),
        ),
        ({"slo": "pay-quick", "service": "pay"}, (0.0, 253_402_300_799.0, "pay-quick", "pay")),
    ],
)
def test_the_past_is_asked_for_a_time_and_for_whom(ask, sources, asked, expected):
    """Everything, where nothing is said."""
    ask(PATH, params={"state": "ended", **asked})
    assert expected == sources.asked[-1][:4]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"until": "1789999001"}, True),
        ({"until": "1789999000"}, False),
        ({"since": "1790000000"}, True),
        ({"slo": "pay-quick"}, True),
        ({"slo": "pay-slow"}, False),
        ({"service": "pay"}, True),
        ({"service": "carts"}, False),
    ],
)
def test_what_is_open_is_asked_for_alike(ask, asked, found):
    """It has no end yet, so whatever time comes after its beginning is one of its own."""
    assert found is bool(listed(ask(PATH, params=asked)))


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "closed"},
        {"since": "yesterday"},
        {"until": "nan"},
        {"limit": 0},
        {"limit": 1_001},
        {"cursor": "7"},
        {"cursor": "inf_7"},
        {"cursor": "1_2_3"},
    ],
)
def test_what_is_asked_otherwise_is_refused(ask, asked):
    """With a word why, and not with an empty list, which says that all was well."""
    assert 422 == ask(PATH, params={"state": "ended", **asked}).status_code


def test_a_past_that_cannot_be_read_is_not_an_empty_one(ask, sources, monkeypatch):
    """Asked again in a second."""

    def fail(*asked):
        raise StoreError("alerts can't be read: disk I/O error")

    monkeypatch.setattr(type(sources), "ended", fail)
    answer = ask(PATH, params={"state": "ended"})
    assert (503, "1") == (answer.status_code, answer.headers["retry-after"])


def test_what_is_over_is_said_to_have_been_useful_or_not(ask, judge, sources):
    """And answered as it is kept."""
    judge.known = {each.alert.number: each for each in sources.over}
    answer = ask(f"{PATH}/7/verdict", "POST", json=SAID)
    assert 200 == answer.status_code, answer.text
    said = {"useful": False, "by": "ann", "at": "2026-09-21T14:13:20Z", "note": "a test"}
    assert (7, said) == (answer.json()["number"], answer.json()["verdict"])


@pytest.mark.parametrize(
    ("number", "body", "status", "words"),
    [
        (9, SAID, 409, "open still"),
        (3, SAID, 404, "state=ended"),
        (2**63, SAID, 422, "less than or equal"),
        (7, {"useful": True}, 422, "author"),
        (7, {**SAID, "useful": "perhaps"}, 422, "boolean"),
        (7, {**SAID, "author": " "}, 422, "empty"),
        (7, {**SAID, "by": "ben"}, 422, "extra"),
    ],
)
def test_a_verdict_of_what_is_not_over_or_of_nobody_is_refused(ask, judge, sources, number, body, status, words):
    """Each with the reason."""
    judge.known = {each.alert.number: each for each in sources.over}
    answer = ask(f"{PATH}/{number}/verdict", "POST", json=body)
    assert status == answer.status_code
    assert words in answer.text.lower()


def test_a_verdict_that_cannot_be_kept_is_asked_for_again(ask, judge, sources):
    """It is not forgotten in silence."""
    judge.known = {each.alert.number: each for each in sources.over}
    judge.full = "the disk is full"
    assert 503 == ask(f"{PATH}/7/verdict", "POST", json=SAID).status_code


def test_one_alert_is_found_open_or_over(ask, sources):
    """By its number, while it is open by its key too; what is neither is named."""
    (open_,) = ask(PATH).json()["alerts"]

    assert open_ == ask(f"{PATH}/{open_['number']}").json() == ask(f"{PATH}/{open_['key']}").json()
    assert [7, "ended"] == [ask(f"{PATH}/7").json()[key] for key in ("number", "state")]
    for name in ("5", "0", "slo/nobody/page", "9" * 40, "-7"):
        answer = ask(f"{PATH}/{name}")
        assert (404, True) == (answer.status_code, repr(name) in answer.json()["detail"])
