"""Queries are PromQL over declared names only, whatever the SLO is called."""

from __future__ import annotations

from typing import Any

import promql_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.dashboards.grafana import expressions
from fournines.dashboards.grafana.queries import metrics_of, substitute
from fournines.slo.metric_names import GROUP_INFO, LABELS, STATE
from tests.dashboards.conftest import PANELS, availability


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40).filter(lambda name: "$" not in name))
def test_any_name_can_be_asked_for(name: str) -> None:
    """Quotes, backslashes and line ends are escaped, so that a name selects itself and nothing else."""
    expr = expressions.budget_remaining(expressions.of_slo(availability(name, name)))

    selector = promql_parser.parse(expr).expr
    assert {(matcher.name, matcher.value) for matcher in selector.matchers.matchers} == {
        ("slo", name),
        ("service", name),
    }


def test_the_metrics_of_an_expression_are_all_found() -> None:
    """Through functions, ranges, aggregations and operators."""
    expr = 'topk(3, sum(rate(a_total{x="1"}[5m])) / on () clamp_min(b, 1)) or -(c{y=~".*"} > 0) unless sum_over_time(d[5m:1m])'

    assert set(metrics_of(expr)) == {
        ("a_total", frozenset("x")),
        ("b", frozenset()),
        ("c", frozenset("y")),
        ("d", frozenset()),
    }


@pytest.mark.parametrize("broken", ["rate(a[5m]", "rate(a)", "{a=}", ""])
def test_broken_queries_are_refused(broken: str) -> None:
    """The parser's error is a ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011 - the parser's words are its own
        list(metrics_of(broken))


def test_every_query_asks_declared_metrics_by_declared_labels(bank: Any) -> None:
    """And there is no metric that no panel asks for, but the states, which people read on the pages, and who is whose group."""
    slo = bank[0]
    of = expressions.of_slo(slo)
    exprs = [
        expressions.budget_remaining(of),
        expressions.objective(of),
        expressions.burn(of, slo.windows),
        expressions.exhausted_in(slo),
        expressions.event_rate(of),
        expressions.bad_per_million(slo),
        expressions.allowed_per_million(slo),
        expressions.alerts(of),
        expressions.alert_level(of),
    ]
    found = {each for expr in exprs for each in metrics_of(substitute(expr))}

    assert {name for name, _ in found} == LABELS.keys() - {STATE, GROUP_INFO}
    assert all(labels <= LABELS[name] for name, labels in found)


def test_panels_have_one_name_each() -> None:
    """No title stands twice in the catalog."""
    assert len({panel.title for panel in PANELS}) == len(PANELS)
