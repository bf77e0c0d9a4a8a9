"""SLOs: how they stand, their counts, and what their bad events had in common."""

import pytest

from fournines.collector import Breakdown, Contributor
from fournines.slo import HistoryPoint, Interval


def test_the_worst_come_first(ask):
    """Whoever reads the first line reads what burns."""
    slos = ask("/api/v1/slos").json()["slos"]

    assert {"name": "burning", "state": "burning"} == slos[0]
    assert {"burning", "calm", "team/a b"} == {slo["name"] for slo in slos}


@pytest.mark.parametrize("name", ["calm", "team/a b", "team%2Fa%20b"])
def test_a_name_is_an_address_whatever_it_holds(ask, name):
    """Slashes and spaces lead to the SLO, and to what lies below it."""
    assert [200] * 3 == [ask(f"/api/v1/slos/{name}{below}").status_code for below in ("", "/history", "/contributors")]


@pytest.mark.parametrize("below", ["", "/history", "/contributors"])
def test_an_slo_that_is_not_there_is_named(ask, below):
    """The answer says which name nobody knows."""
    answer = ask(f"/api/v1/slos/nobody{below}")

    assert (404, "there is no SLO named 'nobody'") == (answer.status_code, answer.json()["detail"])


def test_counts_are_of_the_last_hour_unless_asked_otherwise(ask, sources, now):
    """Without `from` and `to` the answer ends with the bucket being filled."""
    sources.points = [HistoryPoint(10, 3, 4)]
    end = int(now) + 10

    assert {"points": [{"t": 10, "good": 3, "total": 4}]} == ask("/api/v1/slos/calm/history").json()
    ask("/api/v1/slos/calm/history?from=600&to=1200&step=60")
    assert [("calm", Interval(end - 3600, end), 10), ("calm", Interval(600, 1200), 60)] == sources.asked


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=5&to=5", "`to` lies after `from`"),
        ("from=0&to=110010", "more than 11000 points"),
        ("step=15", "multiple of 10"),
        ("step=0", "greater than or equal to 10"),
        ("from=now", "integer"),
    ],
)
def test_a_time_that_can_not_be_answered_is_told_so(ask, sources, query, words):
    """The reason comes with 422, and nothing is counted for it."""
    answer = ask(f"/api/v1/slos/calm/history?{query}")

    assert 422 == answer.status_code
    assert words in answer.text
    assert [] == sources.asked


@pytest.mark.parametrize("path", ["", "/explain"])
def test_how_numbers_came_about_is_told_of_one(ask, path):
    """With the numbers of one SLO, and alone."""
    answer = ask(f"/api/v1/slos/burning{path}").json()

    assert "1h and 5m burn above 14.4" == answer["explanation"]


def test_contributors_are_of_whole_minutes_by_breakdown(ask, sources):
    """Blame is kept by the minute: the answer covers every minute that was asked for in part; what is not known is left out."""
    known = dict.fromkeys(Contributor._fields, "") | {"breakdown": Breakdown.CAUSE}
    sources.blamed = [(Contributor(**known | {"route": "/pay", "status": "503"}), 7)]

    answer = ask("/api/v1/slos/calm/contributors?from=61&to=119").json()

    assert {"cause": [{"route": "/pay", "status": "503", "bad": 7}], "instance": []} == answer
    assert {Interval(60, 120)} == {interval for _, interval, _ in sources.asked}
