"""What evidence is held against, whatever of it is there yet."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np

from fournines.slo import Method, Slices
from fournines.slo.gate.evidence import Durations, SLOEvidence
from fournines.slo.gate.judge import ALPHA, judge
from fournines.slo.gate.judgement import GateVerdict

NOW = 1_795_400_000.0


def test_slices_in_which_nothing_may_fail_are_judged_all_the_same(make_status, make_evidence, make_rows):
    """A bad event makes a bad slice, so no more events may be bad than slices; a version without failures passes, a bad one does not."""
    status = make_status()
    whole = replace(status, slo=replace(status.slo, method=Method.TIMESLICES, slices=Slices(Decimal(1))))
    good, bad = (SLOEvidence(whole, make_rows(*[(failed, 50, 0, 450)] * 40)) for failed in (0, 5))

    assert good.allowed == Fraction(1, 1000)
    assert [judge(make_evidence(each)).verdict for each in (good, bad)] == [GateVerdict.PASS, GateVerdict.FAIL]


def test_what_a_version_may_have_bad(make_status, make_rows):
    """The objective's share of events and of parts of slices; of slices that are good or bad, the share that makes one bad."""
    status, rows = make_status(), make_rows((0, 50, 0, 450))
    sliced = {
        Method.OCCURRENCES: None,
        Method.RATIO_TIMESLICES: Slices(None),
        Method.TIMESLICES: Slices(Decimal("0.95")),
    }
    allowed = [
        SLOEvidence(replace(status, slo=replace(status.slo, method=method, slices=slices)), rows).allowed
        for method, slices in sliced.items()
    ]

    assert allowed == [Fraction(1, 1000), Fraction(1, 1000), Fraction(1, 20)]


def test_durations_that_come_later_take_nothing_from_what_was_found_before(make_status, make_evidence, make_rows):
    """A latency SLO has three comparisons from its first count on: who is stopped without durations still is with them."""
    latency, plain = make_status("latency", threshold=Decimal("0.25")), make_status()
    none = np.zeros((0, 2), np.int64)
    rows = make_rows(*[(0, 50, 0, 450)] * 40)
    for durations in (None, Durations(np.zeros(0, np.int64), none, none)):
        found = judge(make_evidence(SLOEvidence(latency, rows, durations), SLOEvidence(plain, rows)))
        assert {each.limit for each in found.slos} == {ALPHA / 5}
