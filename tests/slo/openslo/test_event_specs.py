"""Which events of a signal count, as files say it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from fournines.slo import InvalidValue
from fournines.slo.openslo.event_specs import FIXED_KINDS, SourceSpec, TotalSpec, read_signal
from fournines.slo.openslo.indicator import EventThreshold, Threshold


def test_a_signal_of_another_kind_is_sent_where_it_belongs():
    """Queries to their engine, composites under `raw`."""
    with pytest.raises(InvalidValue, match="asked of a source of `type: prometheus`"):
        read_signal("promql")
    with pytest.raises(InvalidValue, match="combines other SLOs"):
        read_signal("slos")


@pytest.mark.parametrize("kind", ["server", "client", "consumer"])
@pytest.mark.parametrize("signal", FIXED_KINDS)
def test_a_signal_is_measured_by_one_side(signal, kind):
    """It may be said once more, and nothing else may."""
    measured = FIXED_KINDS[signal].name.lower()
    if kind == measured:
        assert SourceSpec(signal=signal, kind=kind).span_kind is FIXED_KINDS[signal]
    else:
        with pytest.raises(ValidationError, match=f"`{signal}` is measured by the {measured}"):
            SourceSpec(signal=signal, kind=kind)


def test_fifty_conditions_are_enough():
    """More are a mistake of whoever makes files, and would be judged of every event."""
    assert len(SourceSpec(signal="spans", where=["a == b"] * 50).where) == 50
    with pytest.raises(ValidationError, match="at most 50"):
        SourceSpec(signal="spans", where=["a == b"] * 51)


@pytest.mark.parametrize("value", ["0", "-1", "-0.000000001"])
@pytest.mark.parametrize("op", ["lt", "lte", "gte"])
def test_a_threshold_of_no_time_is_refused_as_it_is_written(value, op):
    """Whichever side of it would be good."""
    with pytest.raises(InvalidValue) as caught:
        EventThreshold(TotalSpec(signal="spans")).sli("web", Threshold(op, Decimal(value)))

    assert str(caught.value) == f"a latency threshold is more than 0 seconds, not {Decimal(value)}"
