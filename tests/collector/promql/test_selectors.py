"""Selectors taken out of queries mean the series that they meant there."""

from __future__ import annotations

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.collector.promql.rewriting import exact_growth_in, last_sample
from fournines.collector.promql.selectors import Selector, selectors, summed_selector

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6)
VALUES = TEXTS.map(lambda text: '"' + text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") + '"')
MATCHERS = st.tuples(st.sampled_from("abc"), st.sampled_from(["=", "!="]), VALUES).map("".join)


@given(st.lists(MATCHERS, min_size=1, max_size=3), st.sampled_from(["", " offset 1m", " @ 5.000"]))
def test_whatever_is_matched_stays_what_it_is(matchers, modifiers):
    """Quotes, backslashes, line ends, braces, letters of all alphabets; and what stands behind."""
    text = f"requests_total{{{','.join(matchers)}}}{modifiers}"

    (found,) = selectors(f"sum({text})")

    assert repr(promql_parser.parse(text)) == repr(promql_parser.parse(str(found)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r'm{a=~"5\\d+"}', Selector(r'm{a=~"5\\d+"}', "")),
        ("m offset 5m", Selector("m{}", " offset 5m")),
        ('{a="x" or b!~"}y"}', Selector('{a="x" or b!~"}y"}', "")),
        ('{"with.dots", "la.bel"="1"}', Selector('{__name__="with.dots","la.bel"="1"}', "")),
        ("(sum by (a) ((m)))", Selector("m{}", "")),
    ],
)
def test_sums_of_selectors(text, found):
    """Parentheses and sums around them change no growth; every spelling can be read again."""
    assert found == summed_selector(text)
    promql_parser.parse(str(found))


@pytest.mark.parametrize("text", ["max(m)", "a + b", "rate(m[5m])", "1"])
def test_what_is_no_sum_is_none(text):
    """It is looked at as a whole."""
    assert summed_selector(text) is None


def test_queries_made_of_queries_can_be_read():
    """Each series once, in its own query; what reads none was sampled now."""
    text = 'sum(rate(a{x="\\\\"}[5m])) / (sum(rate(b[5m] offset 1m)) + sum(rate(a{x="\\\\"}[5m])))'

    assert r'max(timestamp(a{x="\\"}) or timestamp(b{} offset 1m))' == last_sample(text)
    assert "vector(time())" == last_sample("vector(1)")
    for query in (last_sample(text), exact_growth_in("sum(a)", 60), exact_growth_in("a offset 1m", 60)):
        promql_parser.parse(query)
