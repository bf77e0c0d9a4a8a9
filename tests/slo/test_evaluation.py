"""What is known of all SLOs at one moment: arrays for many, fractions for one, and both say the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import WORKBOOK, EventCount, Window, evaluate

NOW = 1_800_000_000.0
MONTH = Window.parse("30d")
WINDOWS = sorted({MONTH, *(w for rule in WORKBOOK for w in (rule.long, rule.short))})
COUNTS = st.integers(0, 10**12).flatmap(
    lambda total: st.integers(0, total).map(lambda bad: EventCount(total - bad, total))
)


@given(st.fixed_dictionaries(dict.fromkeys(WINDOWS, COUNTS)), st.integers(1, 10**8))
def test_the_arrays_say_what_the_fractions_say(make_slo, stated_counts, counts, age):
    """Burn rates and what remains, as floats for many at once, are those of the exact status; nan where there was no traffic."""
    slo = make_slo()
    source = stated_counts(counts={slo.name: counts}, since={slo.name: int(NOW) - age})
    evaluation = evaluate([slo], source, NOW)
    status = evaluation.status(0)

    for window, exact in status.burn.items():
        rate = evaluation.burn_rates[0, evaluation.layout.columns[window]]
        assert math.isnan(rate) if exact is None else rate == pytest.approx(float(exact))
    assert evaluation.remaining_ratios[0] == pytest.approx(float(status.budget.remaining_ratio), abs=1e-9)


def test_each_slo_is_read_from_its_own_columns(make_slo, stated_counts):
    """SLOs of different windows share the arrays, and none is answered with another's window."""
    week = Window.parse("7d")
    slos = [make_slo("month", "0.9"), make_slo("week", "0.9", window=week)]
    counts = {
        "month": {MONTH: EventCount(95, 100), week: EventCount(0, 100)},
        "week": {MONTH: EventCount(0, 100), week: EventCount(98, 100)},
    }
    evaluation = evaluate(slos, stated_counts(counts=counts), NOW)

    assert [float(status.budget.remaining_ratio) for status in evaluation] == [0.5, 0.8]
    assert evaluation.remaining_ratios.tolist() == pytest.approx([0.5, 0.8])
