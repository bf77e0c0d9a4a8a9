"""An SLO's error budget is spent."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts import AlertKey, AlertKind
from fournines.alerts.conditions.exhausted import Exhausted
from fournines.alerts.state import ConditionState
from fournines.slo import SLI, SLO, EventCount, FakeEventSource, Objective, SLIKind, evaluate

NOW = 1_800_000_000.0
KEY = AlertKey(AlertKind.EXHAUSTED, "payments")


def judged(total, bad, target="0.99", *, fires=False, silent=(), since=0, **more):
    """What is said of an SLO that had so many events in every window; None where nothing is."""
    slo = SLO("payments", SLI(SLIKind.AVAILABILITY, "payments"), Objective.parse(target), **more)
    source = FakeEventSource(lambda *_: EventCount(total - bad, total), silent=silent, since={"payments": since})
    found = list(Exhausted().judgements(evaluate([slo], source, NOW), {KEY: None} if fires else {}))
    return found[0].condition if found else None


@given(st.integers(3, 10**12), st.integers(1, 9_999), st.booleans())
def test_it_is_spent_exactly_when_nothing_is_left(total, parts, fires):
    """At nothing itself, and not one failure before: in whole numbers, whatever floats would say."""
    target = f"0.{10_000 - parts:04d}"
    allowed = Fraction(parts, 10_000) * total
    for bad in (int(allowed) - 1, int(allowed), int(allowed) + 1):
        if 3 <= bad <= total:
            found = judged(total, bad, target, fires=fires)
            assert (found is ConditionState.MET) == (bad >= allowed)


def test_luck_alone_is_told_to_nobody():
    """Fewer failures than a page needs spend no budget that anybody should hear of."""
    assert (ConditionState.CLEAR, ConditionState.MET) == (judged(100, 2), judged(100, 3))


def test_while_its_service_is_silent_nothing_says_that_there_is_budget_again():
    """It is kept."""
    assert ConditionState.UNKNOWN is judged(1000, 5, fires=True, silent={"payments"})
    assert ConditionState.MET is judged(1000, 10, fires=True, silent={"payments"})


def test_a_window_that_is_not_covered_counts_as_free_of_failures():
    """An hour after the start a failure in a thousand has not spent the month."""
    assert None is judged(1000, 20, since=int(NOW) - 3600)


def test_switched_off_it_ends():
    """An annotation is enough, also for what is open."""
    off = {"annotations": {"fournines/alerts-off": "exhausted"}}

    assert (None, ConditionState.CLEAR) == (judged(100, 50, **off), judged(100, 50, fires=True, **off))


def test_it_says_how_much_and_what_to_do():
    """With what failed, what was allowed and by how much it is over."""
    slo = SLO("payments", SLI(SLIKind.AVAILABILITY, "payments"), Objective.parse("0.99"))
    source = FakeEventSource(lambda *_: EventCount(980, 1000))
    (judgement,) = Exhausted().judgements(evaluate([slo], source, NOW), {})

    assert "payments has no error budget left: 20 requests failed in 30d, allowed: 10" == judgement.words.summary
    assert "over-spent by 7h 12m of outage" in judgement.words.description.replace(" min", "m").replace(" h", "h")


def test_a_budget_at_its_boundary_is_one_alert(engines, slo, world, at, start):
    """Old failures leave the window, new ones come: one ticket, not one every few minutes. It is over after an hour of budget."""
    key = AlertKey(AlertKind.EXHAUSTED, "payments-availability")
    engine, slos = engines(conditions=[Exhausted()]), [slo()]

    def judged_with(share, seconds):
        world.failing = {("payments-availability", "30d"): share}
        return engine.evaluate(at(slos, seconds), start + seconds)

    (begun,) = judged_with(0.00011, 0)
    for turn in range(1, 6):
        judged_with(0.00009, turn * 3000 - 2400)
        assert key in engine.open.by_key
        judged_with(0.00011, turn * 3000)
        assert (begun.alert.number, turn) == (engine.open.by_key[key].number, engine.open.by_key[key].flaps)
    judged_with(0.00009, 15_010)
    assert "resolves after 60 minutes of calm" in engine.open.by_key[key].words
    assert [] == judged_with(0.00009, 15_010 + 3599)
    (ended,) = judged_with(0.00009, 15_010 + 3600)
    assert ended.reason.ends
