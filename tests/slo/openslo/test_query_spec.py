"""Queries as files write them."""

from __future__ import annotations

import pytest

from fournines.slo import InvalidValue
from fournines.slo.openslo.query_spec import checked_query


@pytest.mark.parametrize(
    ("most", "more"),
    [
        ("a" * 10_000, "a" * 10_001),
        ("(" * 300 + "a" + ")" * 300, "(" * 301 + "a" + ")" * 301),
        ("-" * 29 + "a", "-" * 30 + "a"),
    ],
    ids=["long", "nested", "signed"],
)
def test_what_is_parsed_has_bounds(most, more):
    """Up to them it is read as it stands; what is beyond could take the parser's time or life."""
    assert checked_query(most) == most
    with pytest.raises(InvalidValue, match="is longer than 10,000 characters, or nests too deep"):
        checked_query(more)


@pytest.mark.parametrize("text", ["a # b", "sum(rate(a[$window])) # of all"])
def test_a_comment_ends_before_the_query(text):
    """What stands behind it in another query would be commented out as well."""
    with pytest.raises(InvalidValue, match="ends in a comment"):
        checked_query(text)


@pytest.mark.parametrize("text", ["# all of them\nsum(a)", 'a{b="#"}'])
def test_comments_before_and_hashes_within_are_read(text):
    """They end where they should."""
    assert checked_query(text) == text


@pytest.mark.parametrize(
    ("text", "said"), [("", "is empty"), (" \n", "is empty"), ("sum(", "is no PromQL: "), ("a b", "is no PromQL: ")]
)
def test_what_is_no_query_is_refused_with_its_reason(text, said):
    """Nothing at all as well."""
    with pytest.raises(InvalidValue, match=said):
        checked_query(text)
