"""PromQL, written safely."""

from __future__ import annotations

from fractions import Fraction

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts.promql import label_name, literal_in_template, number, selector, string


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 10_000), "0.0001"),
        (Fraction(144, 10) / 10_000, "0.00144"),
        (Fraction(30), "30"),
        (Fraction(100), "100"),
        (Fraction(1, 3), "0.3333333333333333"),
        (Fraction(28, 30) / 100_000, "0.000009333333333333333"),
        (Fraction(0), "0"),
    ],
)
def test_numbers_keep_every_digit_they_have(value, text):
    """1 - 0.9999 is 0.0001 and nothing else; what has no end gets as many digits as a float holds."""
    assert text == number(value)


@given(st.decimals(min_value=0, max_value=1000, allow_nan=False, places=7))
def test_a_decimal_is_written_exactly(value):
    """Reading the literal gives the number back, exactly."""
    assert Fraction(value) == Fraction(number(Fraction(value)))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_any_text_survives_as_a_label_value(text):
    """A name with quotes, backslashes or braces selects itself, and ends nothing early."""
    expr = promql_parser.parse(selector("m", {"slo": text, "result": "bad"}))
    assert [text, "bad"] == [matcher.value for matcher in expr.matchers.matchers]


def test_a_line_break_is_escaped():
    """PromQL strings in double quotes hold no raw line break."""
    assert r'"a\nb"' == string("a\nb")


@given(st.text(max_size=12))
def test_label_names_are_valid(text):
    """Whatever a label is called in a file, Prometheus takes the name."""
    promql_parser.parse(f'm{{{label_name(text)}="x"}}')


def test_braces_are_no_template():
    """A description that speaks of {{ }} is shown, not run."""
    assert 'see {{ "{{" }} x }}' == literal_in_template("see {{ x }}")
