"""From what is wrong with the collector to what is said of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts import Action
from fournines.alerts.watch import Vital, VitalSigns, Watchman, troubles

BAD = VitalSigns(ledger=20, ingestion=40, evaluation=40, sending={"hook": 90})
START = 1_800_000_000.0


def watchman(remembered=None):
    return Watchman("edge-1", "http://edge-1:8400", remembered)


def test_the_ledger_s_page_says_what_is_wrong_and_what_to_do():
    """Under a key that names the collector and nothing that changes."""
    (said,) = watchman().look(troubles(VitalSigns(ledger=12)), START)

    assert (Action.TRIGGER, "collector/edge-1/ledger", START, None) == (
        said.action,
        said.dedup_key,
        said.starts_at,
        said.ends_at,
    )
    assert "edge-1: the ledger can't be written for 12 s: no other alert can fire" == said.annotations["summary"]
    assert "full disk" in said.annotations["description"]
    assert {"alertname": "FourninesLedger", "service": "fournines", "collector": "edge-1", "severity": "page"} == dict(
        said.labels
    )


def test_every_lag_is_an_incident_of_its_own():
    """Three works that stand still are three keys, told apart by a label."""
    said = watchman().look(troubles(BAD), START)[1:]

    assert [f"collector/edge-1/lag/{each.labels['lag']}" for each in said] == [each.dedup_key for each in said]
    assert ["ingestion", "evaluation", "sending"] == [each.labels["lag"] for each in said]


def test_it_is_over_after_five_minutes_of_calm():
    """A disk that is full every other minute is one incident; its end has its beginning's labels and key."""
    watching = watchman()
    (begun,) = watching.look(troubles(VitalSigns(ledger=12)), START)
    for second in range(1, 1200):
        assert [] == watching.look(troubles(VitalSigns(ledger=12 if second % 120 < 60 else 0)), START + second)
    quiet = [watching.look((), START + 1200 + second) for second in range(302)]
    (over,) = [said for look in quiet for said in look]

    assert (Action.RESOLVE, begun.dedup_key, begun.labels, START) == (
        over.action,
        over.dedup_key,
        over.labels,
        over.starts_at,
    )
    assert () == watching.open


def test_what_fires_is_told_again_after_a_restart_and_ends_when_it_is_over():
    """Somebody who was woken is told that it is over, also by the process that came after."""
    before = watchman()
    (begun,) = before.look(troubles(VitalSigns(ledger=12)), START)
    after = watchman(json.loads(json.dumps(before.kept)))

    assert [begun] == after.look((), START + 30)
    assert [] == after.look((), START + 31)
    assert [Action.RESOLVE] == [each.action for each in after.look((), START + 331)]
    assert {} == after.kept


@pytest.mark.parametrize(
    "remembered",
    [{"ledger": 1}, {"ledger": {}}, {"ledger": {"summary": "a", "description": "b", "since": "x"}}, {"a": {}}],
)
def test_what_cannot_be_remembered_is_not(remembered):
    """A damaged memory holds nobody back."""
    assert () == watchman(remembered).open


@given(st.lists(st.sets(st.sampled_from(Vital)), max_size=40))
def test_beginnings_and_ends_take_turns(looks):
    """However troubles come and go: of each incident a beginning, then an end, and what is open was begun."""
    watching, said = watchman(), {}
    for number, found in enumerate(looks):
        wrong = tuple(trouble for trouble in troubles(BAD) if trouble.vital in found)
        for each in watching.look(wrong, START + 200 * number):
            said.setdefault(each.dedup_key, []).append(each.action)

    for actions in said.values():
        assert actions == [Action.TRIGGER, Action.RESOLVE] * (len(actions) // 2) + [Action.TRIGGER] * (len(actions) % 2)
    assert sum(len(actions) % 2 for actions in said.values()) == len(watching.open)
