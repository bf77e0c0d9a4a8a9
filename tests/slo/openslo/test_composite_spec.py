"""Composites as files write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from fournines.slo.openslo.composite_spec import CompositeSpec


@pytest.mark.parametrize("weight", ["0", "-0.5", "-1"])
def test_a_weight_is_more_than_nothing(weight):
    """What weighs nothing is no member, and what weighs less would hide failures of others."""
    with pytest.raises(ValidationError, match=f"a weight is more than 0, not {weight}"):
        CompositeSpec(signal="slos", rule="weighted", of=[{"slo": "a", "weight": Decimal(weight)}])


@pytest.mark.parametrize("rule", ["all", "any"])
@pytest.mark.parametrize("others", [[], [{"slo": "b"}]])
def test_only_means_are_weighed(rule, others):
    """One weight among the members of all or any is one too many."""
    with pytest.raises(ValidationError, match=f"belongs to the rule weighted; {rule} of the members has none"):
        CompositeSpec(signal="slos", rule=rule, of=[{"slo": "a", "weight": 1}, *others])


@pytest.mark.parametrize("rule", ["all", "any", "weighted"])
def test_a_member_is_named_once(rule):
    """A second time is a slip of the pen, said where the members stand."""
    with pytest.raises(ValidationError, match="once"):
        CompositeSpec(signal="slos", rule=rule, of=[{"slo": "a"}, {"slo": "a"}])
