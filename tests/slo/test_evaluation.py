"""What is known of all SLOs at one moment: arrays for many, fractions for one, and both say the same."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fournines.slo import WORKBOOK, EventCount, Window, evaluate

NOW = 1_800_000_000.0
MONTH = Window.parse("30d")
WINDOWS = sorted({MONTH, *(w for rule in WORKBOOK for w in (rule.long, rule.short))})
TARGETS = st.sampled_from(["0.5", "0.9999", "0.9999999"])
SINCE = st.one_of(st.sampled_from([-1, 0]), st.integers(1, 10**8).map(lambda age: int(NOW) - age))
COUNTS = st.integers(0, 10**15).flatmap(
    lambda total: st.integers(0, total).map(lambda bad: EventCount(total - bad, total))
)


CHANGED = st.none() | st.fractions(Fraction(1, 10**6), Fraction(1, 2))


@given(
    st.lists(
        st.tuples(TARGETS, st.fixed_dictionaries(dict.fromkeys(WINDOWS, COUNTS)), SINCE, CHANGED),
        min_size=1,
        max_size=3,
    )
)
@example([("0.5", dict.fromkeys(WINDOWS, EventCount(0, 1)), 1, None)])
def test_the_arrays_say_what_the_fractions_say(make_slo, stated_counts, drawn):
    """Burn rates and what remains, as floats for many at once, are those of each exact status; nan where there was no traffic.

    Also where an objective changed within the windows, and another share was allowed than today's.
    """
    seen = {f"slo-{row}": each for row, each in enumerate(drawn)}
    source = stated_counts(
        counts={name: counts for name, (_, counts, _, _) in seen.items()},
        since={name: since for name, (_, _, since, _) in seen.items()},
        allowed={name: lambda _, share=share: share for name, (*_, share) in seen.items() if share is not None},
    )
    evaluation = evaluate([make_slo(name, target) for name, (target, *_) in seen.items()], source, NOW)

    for row in range(len(evaluation)):
        status = evaluation.status(row)
        for window, exact in status.burn.items():
            rate = evaluation.burn_rates[row, evaluation.layout.columns[window]]
            assert math.isnan(rate) if exact is None else rate == pytest.approx(float(exact))
        assert evaluation.remaining_ratios[row] == pytest.approx(float(status.budget.remaining_ratio))


def test_each_slo_is_read_from_its_own_columns(make_slo, stated_counts):
    """SLOs of different windows share the arrays, and none is answered with another's window."""
    week = Window.parse("7d")
    slos = [make_slo("month", "0.9"), make_slo("week", "0.9", window=week)]
    counts = {
        "month": {MONTH: EventCount(95, 100), week: EventCount(0, 100)},
        "week": {MONTH: EventCount(0, 100), week: EventCount(98, 100)},
    }
    evaluation = evaluate(slos, stated_counts(counts=counts), NOW)

    assert [float(evaluation.budget(row, slos[row].window).remaining_ratio) for row in range(2)] == [0.5, 0.8]
    assert evaluation.remaining_ratios.tolist() == pytest.approx([0.5, 0.8])


@pytest.mark.parametrize(
    ("ago", "said"),
    [(60, "payments stopped reporting, last heard 1 min ago"), (-60, "payments stopped reporting, last heard 0 s ago")],
)
def test_how_long_a_service_is_silent(make_slo, stated_counts, ago, said):
    """Since it was heard last; one whose clock was ahead of ours was heard just now."""
    source = stated_counts({}, heard={"a": NOW - ago}, silent=frozenset({"a"}))

    assert evaluate([make_slo("a")], source, NOW).status(0).reason == said


def test_a_source_that_knows_why_it_has_nothing_says_so(make_slo, stated_counts):
    """In place of what is concluded from nobody being heard, and of the SLO concerned alone."""
    source = stated_counts(
        {}, heard={"a": math.nan, "b": math.nan}, silent=frozenset("ab"), unheard={"a": "the engine is not reached"}
    )
    evaluation = evaluate([make_slo("a"), make_slo("b")], source, NOW)

    assert evaluation.status(0).reason == "the engine is not reached"
    assert evaluation.status(1).reason == "payments was never heard"
