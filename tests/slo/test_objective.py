"""Objectives: exact decimals between 0 and 1."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import InvalidValue, Objective


@given(st.integers(1, 10**12 - 1))
def test_text_round_trip(parts):
    """What an objective says of itself reads back as that objective, without an exponent."""
    objective = Objective(Decimal(parts).scaleb(-12))

    assert Objective.parse(str(objective)) == objective
    assert "E" not in str(objective)


@pytest.mark.parametrize("text", ["0.9999", "0.99990", "0.5", "0.99999999999"])
def test_kept_as_written(text):
    """The digits written are the digits kept."""
    assert str(Objective.parse(text)) == text


@pytest.mark.parametrize(
    ("percent", "allowed"),
    [("99.9%", 1_000), ("99.95 %", 2_000), ("99.99%", 10_000), ("99.995%", 20_000), ("99.999%", 100_000)],
)
def test_allowed_is_exact(percent, allowed):
    """One minus the target has no float noise."""
    assert Objective.parse(percent).allowed == Fraction(1, allowed)


def test_tiny_targets_are_said_without_exponents():
    """A decimal in exponent form is still said in plain digits."""
    assert str(Objective(Decimal("1E-7"))) == "0.0000001"


@pytest.mark.parametrize(
    "text",
    [
        *("0", "1", "100%", "0%", "-0.5", "1.2", "nan", "inf", "99.99", "four nines", "", "%", "1e-999999999"),
        *("1e9999999%", "sNaN%", "sNaN"),
    ],
)
def test_no_objectives(text):
    """What is not strictly between 0 and 1, or would need endless digits, is refused."""
    with pytest.raises(InvalidValue):
        Objective.parse(text)


@pytest.mark.parametrize("target", ["nan", "sNaN", "Infinity", "-Infinity"])
def test_no_numbers(target):
    """An objective made of what is no number is refused, as one that is read."""
    with pytest.raises(InvalidValue):
        Objective(Decimal(target))


def test_thirty_decimals_are_enough():
    """A target of thirty decimals is kept whole; one more is refused, since exact arithmetic costs what it is given."""
    assert str(Objective.parse(f"0.{'9' * 30}")) == f"0.{'9' * 30}"
    with pytest.raises(InvalidValue):
        Objective.parse(f"0.{'9' * 31}")
