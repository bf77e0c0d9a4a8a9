"""PromQL, written safely."""

from __future__ import annotations

import promql_parser
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts.rules.promql import label_name, selector, string


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
