"""The gate and deployments over HTTP: what is answered, and what is refused and why."""

from __future__ import annotations

import pytest

from fournines.collector import Unavailable
from fournines.collector.records.deployments import KEPT, Deployment
from fournines.collector.records.gate_overrides import GateOverride
from fournines.serving.gating import GateAnswer
from fournines.serving.release import Release
from fournines.serving.routes.deployments import FakeDeploymentKeeper
from fournines.serving.routes.gate import FakeGatekeeper
from fournines.slo import DAY
from fournines.slo.gate.judgement import GateVerdict, Judgement

NOW = 1_790_000_000.0


def post(ask, path, json):
    """The answer to a body."""
    return ask(path, "POST", json=json)


OVERRIDE = GateOverride("pay", "2", "ana", "a drill", NOW, NOW + 60)


@pytest.fixture
def gate():
    """Has stopped version 2 of a service."""
    return FakeGatekeeper(GateAnswer(Judgement(GateVerdict.FAIL, ("it fails",), ()), None), OVERRIDE)


@pytest.fixture
def keeper():
    """Knows a deployment of a day ago, and one of 40 days ago."""
    return FakeDeploymentKeeper([Release(Deployment("pay", "1", NOW - days * DAY, id=days)) for days in (40, 1)])


def test_what_is_asked_is_passed_on_and_answered(ask, gate):
    """The verdict, the reasons and the evidence; who overrides it comes first, and the evidence says what it said."""
    body = {"service": "pay", "version": "2", "baseline": "1", "slo": "pay-slo"}
    answer = post(ask, "/api/v1/gate", json=body).json()
    gate.answer = GateAnswer(gate.answer.judgement, OVERRIDE)
    overridden = post(ask, "/api/v1/gate", json=body | {"baseline": ""}).json()

    assert gate.asked == [("pay", "2", "1", "pay-slo"), ("pay", "2", "", "pay-slo")]
    assert answer == {
        "verdict": "fail",
        "reasons": ["it fails"],
        "evidence": {"verdict": "fail", "slos": []},
        "override": None,
    }
    assert (overridden["verdict"], overridden["evidence"]["verdict"]) == ("pass", "fail")
    assert overridden["reasons"] == ["overridden by ana until 2026-09-21T14:14:20Z: a drill", "it fails"]
    assert overridden["override"] == {"author": "ana", "reason": "a drill", "until": "2026-09-21T14:14:20Z"}


SAID = {"service": "pay", "version": "2", "author": "ana", "reason": "a drill"}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("gate", {}, 422),
        ("gate", {"service": ""}, 422),
        ("gate", {"service": "pay", "more": 1}, 422),
        ("gate", {"service": "pay", "version": "1" * 201}, 422),
        ("gate", {"service": "pay", "version": ""}, 422),
        ("gate", {"service": "pay", "version": "2", "baseline": "2"}, 422),
        ("gate/overrides", SAID | {"reason": "  "}, 422),
        ("gate/overrides", SAID | {"author": "a" * 501}, 422),
        ("gate/overrides", SAID | {"version": ""}, 422),
        ("gate/overrides", SAID, 201),
        ("deployments", {"service": "pay", "version": "2"}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "gone"}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "started", "start": 5}, 422),
        ("deployments", {"service": "pay", "version": "2", "start": NOW, "at": NOW}, 422),
        ("deployments", {"service": "pay", "version": "2", "start": NOW, "end": NOW - 1}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "started", "at": NOW + 301}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "started", "at": NOW - KEPT - 1}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "started", "at": 1e300}, 422),
        ("deployments", {"service": "pay", "version": "2", "start": NOW, "end": 10**15}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "started", "at": "2026-09-21T13:00:00"}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "started", "at": "nan"}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "started", "commit": "c" * 201}, 422),
        ("deployments", {"service": "pay", "version": "2", "status": "started"}, 200),
    ],
)  # fmt: skip
def test_bodies_are_strict(ask, path, body, status):
    """What is missing, too long, unknown, of no time that is kept, or contradicts itself is refused, and the answer says why."""
    answer = post(ask, f"/api/v1/{path}", json=body)

    assert answer.status_code == status
    assert status != 422 or answer.json()["detail"]


@pytest.mark.parametrize("asked", ["from=-1", "from=0&to=1" + 30 * "0", "from=-1" + 30 * "0", "from=9&to=8"])
def test_no_time_that_has_a_date_is_asked_about(ask, asked):
    """What no ledger could look up is refused like any other query that is wrong."""
    assert ask(f"/api/v1/deployments?{asked}").status_code == 422
    assert ask(f"/api/v1/slos/calm/history?{asked}").status_code == 422


def test_what_is_not_there_and_what_finds_no_room(ask, gate, keeper):
    """404 for an SLO nobody has, 409 where there is no room for more."""
    gate.answer = gate.overridden = None
    keeper.refuse = "there is no room"

    assert post(ask, "/api/v1/gate", json={"service": "pay", "slo": "x"}).status_code == 404
    assert post(ask, "/api/v1/gate/overrides", json=SAID).status_code == 409
    answer = post(ask, "/api/v1/deployments", json={"service": "pay", "version": "2", "status": "finished"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "there is no room")


def test_while_the_ledger_can_not_be_written_pipelines_are_told_to_come_again(ask, gate, keeper, monkeypatch):
    """503 with the seconds to wait."""

    def refuse(*_):
        raise Unavailable("no disk", 1)

    monkeypatch.setattr(gate, "override", refuse)
    monkeypatch.setattr(keeper, "say", refuse)
    for path, body in (
        ("gate/overrides", SAID),
        ("deployments", {"service": "pay", "version": "2", "status": "started"}),
    ):
        answer = post(ask, f"/api/v1/{path}", json=body)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"status": "finished"}, (None, NOW, None)),
        ({"status": "rolled_back", "at": NOW - 5}, (None, None, NOW - 5)),
        ({"status": "started", "at": "2026-09-21T13:00:00Z"}, (1_789_995_600.0, None, None)),
        ({"start": NOW - 60, "end": "2026-09-21T15:13:00+01:00"}, (NOW - 60, 1_790_000_020.0 - 40, None)),
    ],
)
def test_times_are_now_or_as_they_are_said(ask, keeper, times, expected):
    """Epoch seconds or ISO 8601 with a zone, one state or start and end at once."""
    said = {"service": "pay", "version": "2", "author": "ana", "commit": "4f1c"}
    post(ask, "/api/v1/deployments", json=said | times).raise_for_status()

    assert keeper.said == [Deployment("pay", "2", *expected, author="ana", commit="4f1c")]


def test_deployments_of_a_time_are_listed_the_newest_first(ask):
    """The last 30 days unless it is said which; a time that ends before it begins is refused."""

    def ids(**asked):
        answer = ask("/api/v1/deployments", params=asked)
        return [each["id"] for each in answer.raise_for_status().json()["deployments"]]

    assert ids() == [1]
    assert ids(last=50 * DAY, service="pay") == [1, 40]
    assert ids(**{"from": int(NOW - 50 * DAY), "to": int(NOW - 10 * DAY)}) == [40]
    assert ids(service="other") == []
    assert ask("/api/v1/deployments", params={"from": int(NOW) + 5}).status_code == 422
