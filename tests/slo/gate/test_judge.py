"""The gate's answers and their reasons, word for word."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from fournines.slo import Method, Slices
from fournines.slo.gate.evidence import Durations, SLOEvidence
from fournines.slo.gate.judge import judge
from fournines.slo.gate.judgement import GateVerdict

NOW = 1_795_400_000.0
EXHAUSTED = {"30d": (990_000, 1_000_000)}
BURNING = {"1h": (9_000, 10_000), "5m": (900, 1_000)}


@pytest.fixture
def ask(make_status, make_evidence, make_rows):
    """The verdict on a version by one SLO, and what is said of it."""

    def asked(*rows, durations=None, status=None, **known):
        slo = SLOEvidence(make_status(**(status or {})), make_rows(*rows), durations)
        answer = judge(make_evidence(slo, **known))
        return answer.verdict.value, [*answer.reasons]

    return asked


def quick_and_slow(quick, slow, others, start=NOW - 600, rows=50):
    """Durations in two bins: the canary's so many quick and slow a bucket, the baseline's all quick."""
    starts = np.arange(rows, dtype=np.int64) * 10 + int(start)
    return Durations(starts, np.tile([quick, slow], (rows, 1)), np.tile([others, 0], (rows, 1)))


def test_forty_requests_without_a_failure_wait(ask):
    """Nothing speaks against it, and too little for it; what is missing is said, and how long that takes."""
    assert ask((0, 40, 0, 4000)) == (
        "wait",
        [
            (
                "payments-availability: 0 of 40 requests failed (0 %): 186 more that are good exclude that 2.0 burns at 14.4x"
                " (46 min 30 s at this rate)"
            ),
        ],
    )


def test_how_long_it_takes_is_rounded_up(ask):
    """Whoever waits so long has waited long enough; each failure takes 200 requests more."""
    said = ask((1, 70, 7, 700))[1][0]

    assert "1 of 70 requests failed (1.4286 %): 356 more that are good exclude" in said
    assert said.endswith("(50 min 52 s at this rate)")


def test_enough_requests_pass(ask):
    """Once harm is excluded."""
    assert ask(*[(0, 100, 0, 900)] * 6) == (
        "pass",
        ["payments-availability: 0 of 600 requests failed (0 %): that 2.0 burns at 14.4x is excluded"],
    )


def test_a_canary_that_fails_is_stopped(ask):
    """5 % of 50 a second, beside others that fail hardly ever."""
    assert ask((25, 500, 1, 4500)) == (
        "fail",
        [
            (
                "payments-availability: 25 of 500 requests failed (5 %) by 2.0, 1 of 4,500 requests failed (0.0223 %)"
                " by the other versions: chance does that to less than 1 release in 1,000,000"
            )
        ],
    )


def test_a_version_that_has_all_of_the_traffic_is_stopped(ask):
    """Then its objective is what it is held against."""
    assert ask((3, 100, 0, 0)) == (
        "fail",
        [
            (
                "payments-availability: 3 of 100 requests failed (3 %) by 2.0, where 0.1 % may:"
                " chance does that to less than 1 release in 482"
            )
        ],
    )


def test_the_baseline_has_its_name(ask):
    """Whoever named it reads it."""
    assert "by 1.9: chance" in ask((25, 500, 0, 4500), baseline="1.9")[1][0]


def test_a_latency_that_breaks_its_promise_says_so(ask):
    """Requests are too slow rather than failed."""
    verdict, reasons = ask((250, 500, 0, 4500), status={"target": "0.99", "threshold": Decimal("0.25")})

    assert verdict == "fail"
    assert "250 of 500 requests were too slow (50 %)" in reasons[0]


def test_an_exhausted_budget_stops_whatever_the_version_does(ask):
    """Good requests or none: nothing is released into a budget that is gone."""
    said = "payments-availability: no error budget is left (\N{MINUS SIGN}900 %), so nothing is released but a repair, by an override"

    assert ask(*[(0, 1000, 0, 0)], status={"windows": EXHAUSTED}) == ("fail", [said])
    assert ask(status={"windows": EXHAUSTED}, since=None) == ("fail", [said])
    assert ask(*[(0, 1000, 0, 0)], status={"windows": {"30d": (999_000, 1_000_000)}})[0] == "fail"
    assert ask(*[(0, 1000, 0, 0)], status={"windows": {"30d": (999_001, 1_000_000)}})[0] == "pass"


def test_a_page_that_burns_has_it_wait(ask):
    """Others burn: nobody can tell what the version does, and nothing changes meanwhile."""
    windows = {**BURNING, "30d": (99_999_000, 100_000_000)}
    said = ["payments-availability: a page burns: 1h and 5m burn above 14.4"]

    assert ask(*[(0, 1000, 0, 0)], status={"windows": windows}) == ("wait", said)


def test_what_both_suffer_is_not_the_versions(ask):
    """A dependency that fails for everybody stops no version, and passes none."""
    verdict, reasons = ask(*[(25, 500, 225, 4500)] * 6)

    assert verdict == "wait"
    assert "more that are good" in reasons[0]


def test_silence_has_it_wait(ask):
    """No data is neither good nor bad."""
    verdict, reasons = ask(*[(0, 1000, 0, 0)], status={"silent": {"payments-availability"}})

    assert verdict == "wait"
    assert reasons[0].startswith("payments-availability: nobody knows how it stands: ")


def test_a_version_nobody_heard_of_waits(ask):
    """It may come yet."""
    assert ask(since=None) == ("wait", ["payments-availability: no request to 2.0 is known yet"])


def test_a_service_without_slos_waits(make_evidence):
    """There is nothing to judge it by, so nobody says it is good."""
    assert judge(make_evidence()).reasons == ("payments has no SLO to be judged by",)


def test_a_version_is_watched_for_a_minute(ask):
    """However many requests it has had."""
    rows = [(0, 5000, 0, 1)]

    assert ask(*rows, since=NOW - 599, now=NOW - 540) == (
        "wait",
        ["payments-availability: 2.0 has been there for 59 s of 1 min"],
    )
    assert ask(*rows, since=NOW - 599, now=NOW - 539)[0] == "pass"


def test_a_version_is_there_when_its_requests_are(ask):
    """A deployment may take its time: what counts is the first bucket with a request to the version."""
    idle = [(0, 0, 0, 500)] * 30

    (said,) = ask(*idle, (0, 1, 0, 500), (0, 5000, 0, 500), since=NOW - 600, now=NOW - 250)[1]
    assert said == "payments-availability: 2.0 has been there for 50 s of 1 min"


def test_durations_are_those_of_settled_buckets_after_the_first_minute(ask):
    """Of 100 s, with ten durations each 10 s, the first minute and the last 10 s are left out: 30 of 100, and at 20 s more 50."""

    def known(at):
        rows = [(0, 500, 0, 500)] * 60
        return ask(*rows, durations=quick_and_slow(10, 0, 10), now=NOW - 600 + at)[1][-1].partition(" durations")[0]

    assert known(100) == "payments-availability: 30 of 100"
    assert known(109.9) == "payments-availability: 30 of 100"
    assert known(120) == "payments-availability: 50 of 100"
    assert known(160) == "payments-availability: 90 of 100"
    assert known(170).startswith("payments-availability: 2.0 is slower than the other versions in 50 % of pairs")


def test_whether_a_version_may_start_is_the_budgets_question(make_status, make_evidence):
    """Without a version nothing is compared."""
    healthy = SLOEvidence(make_status(windows={"30d": (999_500, 1_000_000)}), None)
    spent = SLOEvidence(make_status("payments-latency", windows=EXHAUSTED), None)

    may = judge(make_evidence(healthy, version="", since=None))

    assert (may.verdict, may.reasons) == (
        GateVerdict.PASS,
        ("payments-availability: 50 % of its error budget is left",),
    )
    assert judge(make_evidence(healthy, spent, version="", since=None)).verdict is GateVerdict.FAIL


def test_buckets_of_which_not_everything_is_told_yet_are_not_judged(ask):
    """A bucket counts once it is over for 10 s; failures are told of sooner than the rest."""
    rows = [(25, 500, 0, 4500)]

    assert ask(*rows, now=NOW - 580.5)[0] == "wait"
    assert ask(*rows, now=NOW - 580)[0] == "fail"


def test_the_worst_of_several_counts(make_status, make_evidence, make_rows):
    """Its reasons come first, then those of the others."""
    good, bad = make_rows(*[(0, 1000, 0, 1000)]), make_rows((50, 100, 0, 900))
    names = ("payments-a", "payments-b", "payments-c")
    slos = [SLOEvidence(make_status(name), rows) for name, rows in zip(names, (good, bad, make_rows()), strict=True)]

    answer = judge(make_evidence(*slos))

    assert answer.verdict is GateVerdict.FAIL
    assert [each.slo for each in answer.slos] == ["payments-b", "payments-c", "payments-a"]
    assert [reason.partition(":")[0] for reason in answer.reasons] == ["payments-b", "payments-c", "payments-a"]


def test_chance_is_shared_among_comparisons(make_status, make_evidence, make_rows):
    """Two of each SLO, and one more of durations: together they mislead no more often than one would."""
    slos = [
        SLOEvidence(make_status("a"), make_rows()),
        SLOEvidence(make_status("b"), None),
        SLOEvidence(make_status("c", threshold=Decimal("0.25")), make_rows()),
    ]

    assert {each.limit for each in judge(make_evidence(*slos)).slos} == {0.01 / 7}


def test_a_slower_version_is_stopped(ask):
    """Though it keeps its promise."""
    verdict, reasons = ask(*[(0, 500, 0, 500)] * 50, durations=quick_and_slow(200, 300, 500))

    assert verdict == "fail"
    assert reasons == [
        (
            "payments-availability: 2.0 is slower than the other versions in 80 % of pairs of requests, 64 % matter:"
            " chance does that to less than 1 release in 1,000,000"
        ),
    ]


def test_a_version_as_quick_passes(ask):
    """And it is said that both were compared."""
    verdict, reasons = ask(*[(0, 500, 0, 500)] * 50, durations=quick_and_slow(500, 0, 500))

    assert verdict == "pass"
    assert reasons[1] == (
        "payments-availability: 2.0 is slower than the other versions in 50 % of pairs of requests, 64 % matter:"
        " not so much that it matters, beyond chance"
    )


def test_what_starts_up_may_be_slow(ask):
    """Durations of a version's first minute are not compared; it waits until there are others."""
    verdict, reasons = ask(*[(0, 500, 0, 500)] * 6, durations=quick_and_slow(0, 500, 500, rows=6), now=NOW - 600 + 80)

    assert verdict == "wait"
    assert reasons == ["payments-availability: 0 of 100 durations are known from after the first 1 min of 2.0"]


def test_without_others_nothing_is_compared(ask):
    """All traffic is on the version, of which nobody can say that it is slower: that is no reason to wait, and is said."""
    verdict, reasons = ask(*[(0, 500, 0, 0)] * 50, durations=quick_and_slow(0, 500, 0))

    assert verdict == "pass"
    assert reasons[1] == "payments-availability: no request to the other versions was there to compare with"


def test_too_few_others_have_no_durations_to_compare(ask):
    """They have requests, but hardly any."""
    verdict, reasons = ask(*[(0, 500, 0, 1)] * 50, durations=quick_and_slow(500, 0, 1))

    assert verdict == "pass"
    assert reasons[1] == (
        "payments-availability: durations are not compared: 44 are known of the other versions, 100 are needed"
    )


def test_slices_are_judged_by_the_share_a_slice_needs(make_status, make_rows):
    """Where minutes are good or bad, a version is held against what makes a minute bad."""
    status = make_status()
    sliced = replace(status.slo, method=Method.TIMESLICES, slices=Slices(Decimal("0.95")))

    assert SLOEvidence(status, make_rows()).allowed == Fraction(1, 1000)
    assert SLOEvidence(replace(status, slo=sliced), make_rows()).allowed == Fraction(1, 20)


def test_the_numbers_behind_it_are_whole_and_exact(make_status, make_evidence, make_rows):
    """Counts, burn and budget go into the answer unrounded."""
    slo = SLOEvidence(make_status(windows={"30d": (999_999, 1_000_000)}), make_rows((3, 400, 1, 600)))

    (found,) = judge(make_evidence(slo)).slos

    assert found.compared is not None
    assert (found.compared.canary, found.compared.baseline) == ((397, 400), (599, 600))
    assert found.canary_burn == Fraction(3, 400) / Fraction(1, 1000)
    assert found.budget_remaining == Fraction(999, 1000)
    assert found.burn == 0
