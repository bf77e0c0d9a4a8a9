"""The gate over a real collector: a bad canary of the example bank is stopped, a good one is not, and who overrides is written down."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from fournines.alerts.schema import connect
from fournines.collector import Signal
from fournines.collector.records.audit import audited
from fournines.collector.records.deployments import Deployment, deployments
from fournines.collector.records.gate_overrides import LASTS
from fournines.serving import Evaluations, Gating, Releasing
from fournines.slo import DAY, HOUR, Interval, Method, Slices, load_slos
from fournines.slo.gate.judgement import GateVerdict

NOW = 1_790_000_000.0
BANK = Path(__file__).parents[2] / "examples" / "fintech_edge" / "slos"
FAIL, WAIT, PASS = GateVerdict.FAIL, GateVerdict.WAIT, GateVerdict.PASS


class Bank:
    """The example bank's payments: their objectives, a collector that counts them, and a gate."""

    def __init__(self, opened, histogram, **different):
        self.now = NOW
        self.collector = opened(*(replace(slo, **different) for slo in load_slos([BANK])))
        connect(self.collector.ledger.path).close()  # the tables of alerts
        self.histogram = histogram
        evaluations = Evaluations(self.collector, self.collector, lambda: self.now)
        self.gate = Gating(self.collector, evaluations, lambda: self.now)
        self.releasing = Releasing(self.collector, evaluations, lambda: self.now)

    def serve(self, seconds=1, slow=(), **counts):
        """Has versions (`v1` is 1) answer so many requests a second well, and fail so many; all but slow ones within 0.1 s."""
        for _ in range(seconds):
            self.now += 1
            for name, (good, bad) in counts.items():
                told = {status: count for status, count in ((200, good), (500, bad)) if count}
                body = self.histogram(
                    "payments", told, self.now - 1, self.now, version=name[1:], bucket=int(name in slow)
                )
                self.collector.accept(Signal.METRICS, body, self.now).result()

    def ask(self, version="2", baseline="", slo="payments-availability"):
        return self.gate.ask("payments", version, baseline, slo)

    def verdict(self, **asked):
        return self.ask(**asked).verdict


@pytest.fixture
def bank(opened, make_histogram):
    """One whose first version has served for a while."""
    bank = Bank(opened, make_histogram)
    bank.serve(30, v1=(450, 0))
    return bank


def test_a_canary_of_the_bank_that_fails_one_request_in_twenty_is_stopped_within_a_minute(bank):
    """It gets 50 requests a second and fails 5 % of them; asked every 10 s, the gate says fail within 60 s of its first request."""
    chance, began = random.Random(1), bank.now
    verdict = bank.verdict()
    while verdict is not FAIL and bank.now < began + 120:
        for _ in range(10):
            bad = sum(chance.random() < 0.05 for _ in range(50))
            bank.serve(v1=(450, 0), v2=(50 - bad, bad))
        verdict = bank.verdict()

    assert verdict is FAIL
    assert bank.now - began <= 60
    assert bank.verdict(version="1") is not FAIL


def test_a_canary_as_good_as_all_others_is_never_stopped(bank):
    """A minute of a version that fails no more than the others do is no reason to stop it, whichever it is held against."""
    for _ in range(6):
        bank.serve(10, v1=(450, 0), v2=(50, 0))
        assert {bank.verdict(), bank.verdict(baseline="1")} <= {WAIT, PASS}
    compared = bank.ask(baseline="1").judgement.slos[0].compared

    assert compared.canary.good == compared.canary.total >= 40 * 50
    assert compared.baseline.good == 9 * (compared.canary.good + 50)


@pytest.mark.parametrize(("slow", "verdict"), [(["v2"], FAIL), (["v1", "v2"], PASS), ([], PASS), (["v1"], PASS)])
def test_a_canary_that_is_slower_is_stopped_though_it_keeps_its_promise(bank, slow, verdict):
    """Its durations are held against those of the others, by rank; one as slow as they are, or quicker, goes on."""
    bank.serve(130, slow, v1=(450, 0), v2=(50, 0))
    answer = bank.ask(slo="payments-latency")
    found = answer.judgement.slos[0]

    assert answer.verdict is verdict
    assert found.compared.canary.bad == 0
    assert found.slowness.slower is (verdict is FAIL)
    assert 100 <= found.slowness.canary <= found.compared.canary.total


def test_what_nobody_heard_of_waits_with_the_reason(bank):
    """An unknown version, baseline or service is neither good nor bad; an SLO that is not there is the asker's mistake."""
    for asked, word in ((bank.ask(version="9"), "9"), (bank.ask(version="1", baseline="8"), "8")):
        assert asked.verdict is WAIT
        assert word in " ".join(asked.judgement.reasons)
    assert bank.gate.ask("nobody", "1", "", "").verdict is WAIT
    assert bank.ask(slo="no such") is None
    assert bank.ask(version="", slo="").verdict in {PASS, WAIT}


def test_counts_from_before_a_deployment_are_none_of_its_own(bank):
    """A version that is deployed anew is judged from then on, whatever it did before."""
    bank.serve(40, v1=(450, 0), v2=(25, 25))
    assert bank.verdict() is FAIL
    bank.now += 600
    bank.releasing.say(Deployment("payments", "2", started=bank.now))
    bank.serve(40, v1=(450, 0), v2=(50, 0))
    compared = bank.ask().judgement.slos[0].compared

    assert compared.canary.bad == 0
    assert compared.canary.total > 1_000


def test_an_override_lets_a_version_pass_until_it_ends_by_itself(bank):
    """It is this version's alone, is in the audit log, and what was found of the version is said all the same."""
    bank.serve(40, v1=(450, 0), v2=(0, 50))
    assert bank.verdict() is FAIL
    bank.releasing.say(Deployment("payments", "2", started=bank.now - 60))
    made = bank.gate.override("payments", "2", "ana", "a drill")
    answer = bank.ask()

    assert (answer.verdict, answer.judgement.verdict, made.until) == (PASS, FAIL, bank.now + LASTS)
    assert [(e.author, e.action, e.subject, e.reason) for e in audited(bank.collector.ledger.writer, 9)] == [
        ("ana", "gate.override", "payments 2", "a drill")
    ]
    bank.collector.tick(bank.now)
    kept = deployments(bank.collector.ledger.writer, "payments", Interval(0, int(NOW + DAY)))
    assert [each.failed_gate for each in kept] == [None]
    bank.now += LASTS
    assert bank.ask().override is None


def test_a_deployment_that_the_gate_stops_has_failed(bank):
    """The first time it says so is written down with the deployment, and with no other of the service."""
    for version in ("1", "2"):
        bank.releasing.say(Deployment("payments", version, started=bank.now))
    bank.serve(40, v1=(450, 0), v2=(0, 50))
    assert bank.verdict() is FAIL
    at = bank.now
    bank.serve(10, v1=(450, 0), v2=(0, 50))
    assert bank.verdict() is FAIL
    bank.collector.tick(bank.now)
    kept = deployments(bank.collector.ledger.writer, "payments", Interval(0, int(NOW + DAY)))

    assert [each.failed_gate for each in kept] == [None, at]


def test_a_release_burns_what_its_version_failed(bank):
    """Its bad events, exactly, of those that the budget allows now; what others failed meanwhile is not its fault."""
    bank.releasing.say(Deployment("payments", "2", started=bank.now, finished=bank.now + 30))
    bank.serve(40, v1=(448, 2), v2=(47, 3))
    found = bank.releasing.releases("payments", Interval(int(NOW - HOUR), int(bank.now + HOUR)))
    burnt = {each.slo: (each.bad, each.total) for each in found[0].burnt}

    assert burnt["payments-availability"] == (120, 2_000)
    allowed = next(each.allowed for each in found[0].burnt if each.slo == "payments-availability")
    assert found[0].burnt[0].share == 120 / allowed


def test_a_budget_of_slices_has_no_share_of_events(opened, make_histogram):
    """Its events are counted, and what they are of so many slices is not made up."""
    bank = Bank(opened, make_histogram, method=Method.TIMESLICES, slices=Slices(Decimal("0.95")))
    bank.releasing.say(Deployment("payments", "2", started=bank.now))
    bank.serve(20, v2=(7, 3))
    (found,) = bank.releasing.releases("payments", Interval(int(NOW - HOUR), int(bank.now + HOUR)))

    assert ("payments-availability", 60, 200, None) in [(one.slo, one.bad, one.total, one.share) for one in found.burnt]


def test_what_a_version_burns_after_it_went_out_anew_is_the_later_deployments(bank):
    """In whole hours, whatever else was deployed in between."""
    for version in ("2", "3", "2"):
        bank.releasing.say(Deployment("payments", version, started=bank.now, finished=bank.now + 1))
        bank.serve(1, v2=(5, 5), v3=(1, 1))
        bank.now += 2 * HOUR
    found = bank.releasing.releases("payments", Interval(int(NOW - HOUR), int(bank.now)))
    burnt = [next(one for one in each.burnt if one.slo == "payments-availability") for each in found]

    assert [(one.bad, one.total) for one in burnt] == [(10, 20), (2, 4), (5, 10)]
