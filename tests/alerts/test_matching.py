"""Which labels are meant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts.errors import InvalidMatchers
from fournines.alerts.matching import MOST_MATCHERS, Matchers, fits

PATTERNS = st.text("ab*.\n", max_size=8)
TEXTS = st.text("ab.\n", max_size=10)


@given(PATTERNS, TEXTS)
def test_a_star_is_anything_and_everything_else_itself(pattern, text):
    """As the regular expression it would be, over the whole text."""
    as_regex = "".join(".*" if sign == "*" else re.escape(sign) for sign in pattern)

    assert (re.fullmatch(as_regex, text, re.DOTALL) is not None) is fits(pattern, text)


@given(st.dictionaries(st.sampled_from("xyz"), PATTERNS), st.dictionaries(st.sampled_from("xyz"), TEXTS))
def test_every_pattern_has_to_fit_and_a_missing_label_is_empty(patterns, labels):
    """And where nothing is said everything fits."""
    expected = all(fits(pattern, labels.get(label, "")) for label, pattern in patterns.items())

    assert expected is Matchers.of(patterns).match(labels)


@given(st.dictionaries(st.sampled_from("xyz"), PATTERNS), st.dictionaries(st.sampled_from("xyz"), TEXTS))
def test_labels_without_the_anchor_do_not_match(patterns, labels):
    """So whoever has many matchers need not ask them all."""
    matchers = Matchers.of(patterns)

    assert matchers.anchor is None or matchers.anchor in labels.items() or not matchers.match(labels)


@given(st.dictionaries(st.sampled_from("xyz"), PATTERNS))
def test_what_is_narrow_leaves_some_labels_out(patterns):
    """Stars alone mean everybody, and an empty pattern those without the label."""
    matchers = Matchers.of(patterns)
    found = [matchers.match(dict.fromkeys("xyz", text)) for text in ("", "q")]

    assert matchers.narrow is not all(found)


def test_many_stars_take_no_time():
    """What would keep a regular expression busy for ever is answered at once."""
    assert not fits("a*" * 400 + "b", "a" * 100_000)


@pytest.mark.parametrize(
    "patterns", [{"": "x"}, {" ": "x"}, {"x": "a" * 1_001}, {str(number): "" for number in range(MOST_MATCHERS + 1)}]
)
def test_what_can_not_be_matched_is_refused(patterns):
    """With the reason."""
    with pytest.raises(InvalidMatchers, match=r"."):
        Matchers.of(patterns)


def test_it_says_whom_it_means():
    """In the order of the labels, however it was said."""
    assert "service=pay*, severity=page" == str(Matchers.of({"severity": "page", "service": "pay*"}))
