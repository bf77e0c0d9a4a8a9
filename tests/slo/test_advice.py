"""Advice: what is allowed and yet unwise."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fournines.slo import RUNBOOK, SLI, SLO, SPANS, WORKBOOK, Objective, Place, SLIKind, Window, advise

NOTES = {RUNBOOK: "https://runbooks.example.com/payments"}


def latency(seconds, signal="http.server.request.duration"):
    sli = SLI(SLIKind.LATENCY, "payments", threshold=Decimal(seconds), signal=signal)
    return SLO("payments-latency", sli, Objective(Decimal("0.99")), annotations=NOTES)


def test_nothing_to_say(make_slo):
    """A wise SLO gets no advice, nor does one that alerts nobody."""
    assert advise([make_slo(annotations=NOTES), make_slo("quiet", rules=()), latency("0.25"), latency("0.30")]) == ()


def test_advice_has_a_place():
    """Advice reads like a fault: file, line, the SLO's name and what to do."""
    (advice,) = advise([replace(latency("0.22"), place=Place("slos.yaml", 4))])

    assert str(advice).startswith("slos.yaml:4: payments-latency: a threshold of 0.22 s is no boundary")


def test_advice_without_a_place():
    """An SLO that stands in no file, as those made by themselves, is advised by its name alone."""
    (advice,) = advise([latency("0.22")])

    assert (advice.file, advice.line, advice.path) == ("", 0, "payments-latency")


@pytest.mark.parametrize(
    ("seconds", "said"), [("0.22", "0.2 s is used"), ("12", "10 s is used"), ("0.001", "no request would be good")]
)
def test_thresholds_between_boundaries(seconds, said):
    """A threshold that is no boundary of the histogram is answered with the one that counts, and what to do."""
    (advice,) = advise([latency(seconds)])

    assert said in advice.message
    assert f"FOURNINES_LATENCY_THRESHOLDS={seconds}" in advice.message


def test_only_our_histograms_have_our_boundaries():
    """Spans have no boundaries, and another metric's are not known here."""
    assert advise([latency("0.22", SPANS), latency("0.22", "rpc.server.duration")]) == ()


def test_rules_that_cannot_fire(make_slo):
    """A factor beyond what a total outage burns is said with both figures."""
    advice = advise([make_slo(target="0.9", annotations=NOTES)])

    assert [each.message for each in advice] == [
        "the page of 1h and 5m can't fire: it needs a burn above 14.4, and a target of 0.9 burns 10 at most"
    ]


@pytest.mark.parametrize(("target", "hours", "reachable"), [("0.5", 99, True), ("0.5", 100, False), ("0.6", 124, True)])
def test_a_factor_that_is_just_out_of_reach(make_slo, target, hours, reachable):
    """Strictly above: a factor that a total outage only equals can't be exceeded, one a little below it can."""
    window = Window(WORKBOOK[0].long.seconds * hours)
    advice = advise([make_slo(target=target, window=window, rules=WORKBOOK[:1], annotations=NOTES)])

    assert reachable is (WORKBOOK[0].factor(window) * Objective.parse(target).allowed < 1)
    assert [each.message.partition(":")[0] for each in advice] == (
        [] if reachable else ["the page of 1h and 5m can't fire"]
    )


def test_windows_shorter_than_their_pairs(make_slo):
    """A pair that looks back further than the budget does is told."""
    advice = advise([make_slo(window=Window.parse("1d"), annotations=NOTES)])

    assert [each.message for each in advice] == [
        "the ticket of 3d and 6h looks back longer than the budget's window of 1d"
    ]
