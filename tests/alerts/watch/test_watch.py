"""The watch as one object: what it sees, says, and keeps quiet about."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from fournines.alerts import FakeNotifier
from fournines.alerts.watch import Vital, VitalSigns, Watch


@dataclass
class Patient:
    """Whose signs the test decides, with the time."""

    now: float = 0.0
    shown: VitalSigns = field(default_factory=VitalSigns)

    def signs(self):
        return self.shown


@pytest.fixture
def patient():
    return Patient()


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def notifiers():
    return {"pager": FakeNotifier(), "phone": FakeNotifier()}


@pytest.fixture
def watch(patient, notifiers, tmp_path, registry):
    watching = Watch(
        patient, notifiers, {}, collector="edge-1", public_url="http://edge-1", memory=tmp_path / "watch.json",
        now=lambda: 1_800_000_000 + patient.now, stopwatch=lambda: patient.now, registry=registry,
    )  # fmt: skip
    yield watching
    watching.close()


def looked(watch, patient, seconds, step=1.0):
    """Looks every `step` seconds for so long."""
    for _ in range(int(seconds / step)):
        patient.now += step
        watch.look()


def test_all_is_well(watch, patient):
    """A collector without trouble is one of which nothing is said."""
    looked(watch, patient, 100)

    assert ((), "") == (watch.open, watch.unwell())


@pytest.mark.parametrize(
    "signs",
    [VitalSigns(ledger=11), VitalSigns(ingestion=31), VitalSigns(evaluation=31)],
    ids=["ledger", "in", "evaluation"],
)
def test_no_sign_of_life_without_what_alerts_need(watch, patient, signs):
    """Ingestion, evaluation and ledger: where one stands still, somebody else has to call."""
    patient.shown = signs
    looked(watch, patient, 40)

    assert [watch.unwell()] == [watched.trouble.summary for watched in watch.open]


def test_one_receiver_of_two_that_is_not_reached_is_told_to_the_other(watch, patient):
    """Somebody can be told: the collector lives. When nobody can, it does not."""
    patient.shown = VitalSigns(sending={"pager": 61})
    looked(watch, patient, 70)
    assert ([Vital.SENDING], "") == ([each.trouble.vital for each in watch.open], watch.unwell())

    patient.shown = VitalSigns(sending={"pager": 61, "phone": 61})
    looked(watch, patient, 5)
    assert "messages to pager, phone wait" in watch.unwell()


def test_whom_nothing_reaches_is_not_told_that_nothing_reaches_them(watch, patient, notifiers):
    """It would come with all that they wait for, and wake somebody for nothing; the others hear of it, and of its end."""

    async def main():
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(0)
        patient.shown = VitalSigns(sending={"pager": 70})
        looked(watch, patient, 75)
        patient.shown = VitalSigns()
        await asyncio.sleep(0.01)
        looked(watch, patient, 310)
        await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
    said = {name: [each.action.value for each in notifier.sent] for name, notifier in notifiers.items()}
    assert {"pager": [], "phone": ["trigger", "resolve"]} == said


def test_the_api_says_what_fires(watch, patient):
    """With every key that an alert has."""
    patient.shown = VitalSigns(evaluation=31)
    looked(watch, patient, 40)
    (said,) = watch.as_json()

    assert ("collector/edge-1/lag/evaluation", "fournines", "lag", "page") == (
        said["key"], said["service"], said["kind"], said["severity"],
    )  # fmt: skip


def test_a_machine_that_slept_is_no_trouble(watch, patient):
    """What stood still while everything did begins anew: nobody is woken by a snapshot of the machine."""
    looked(watch, patient, 100)
    patient.now += 600
    patient.shown = VitalSigns(evaluation=600, ingestion=600)
    watch.look()
    patient.shown = VitalSigns(evaluation=0.5, ingestion=0.5)
    looked(watch, patient, 60)

    assert () == watch.open


def test_what_stands_still_after_a_sleep_is_told_all_the_same(watch, patient):
    """It has as long as ever, not for ever."""
    patient.now += 600
    watch.look()
    for _ in range(32):
        patient.shown = VitalSigns(evaluation=patient.now)
        looked(watch, patient, 1)

    assert [Vital.EVALUATION] == [each.trouble.vital for each in watch.open]


def test_a_machine_that_is_always_late_is_no_machine_that_sleeps(watch, patient):
    """Without free CPU every look is late, and what stands still meanwhile is told; signs of life are no more given."""
    for _ in range(20):
        patient.now += 6
        patient.shown = VitalSigns(evaluation=patient.now)
        watch.look()

    assert [Vital.EVALUATION] == [each.trouble.vital for each in watch.open]
    assert watch.unwell()


def test_everybody_who_is_paged_is_told_past_the_outbox(watch, patient, notifiers):
    """The same message to each."""

    async def main():
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(0)
        patient.shown = VitalSigns(ledger=11)
        looked(watch, patient, 12)
        for _ in range(100):
            await asyncio.sleep(0.001)
            if all(notifier.sent for notifier in notifiers.values()):
                break
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
    assert [["collector/edge-1/ledger"]] * 2 == [[each.dedup_key for each in one.sent] for one in notifiers.values()]


def test_ages_are_metrics(watch, patient, registry):
    """Whoever watches the watch can."""
    patient.shown = VitalSigns(1.5, 2.5, 3.5)
    names = (
        "fournines_ledger_unwritable_seconds",
        "fournines_ingestion_age_seconds",
        "fournines_evaluation_age_seconds",
    )

    assert [1.5, 2.5, 3.5] == [registry.get_sample_value(name) for name in names]
