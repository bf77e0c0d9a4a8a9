"""Laws of an exponential histogram's boundaries."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.collector.exponential import upper_bounds


@pytest.mark.parametrize("scale", range(-10, 11))
@pytest.mark.parametrize("power", [-10, -2, 0, 1, 9])
def test_powers_of_two_are_exact(scale, power):
    """A boundary that is a power of two is that power exactly, so that a threshold of 0.25 s can be met exactly."""
    index = math.ldexp(power, scale)
    if index.is_integer():
        assert (2.0**power,) == upper_bounds(scale, int(index) - 1, 1)


@given(st.integers(-10, 20), st.integers(-1000, 1000), st.integers(0, 160))
def test_bounds_rise_by_the_base(scale, offset, buckets):
    """Each bound is the one before it times 2**(2**-scale), to a float's exactness, where a float can hold both."""
    bounds = upper_bounds(scale, offset, buckets)

    assert buckets == len(bounds)
    for low, high in pairwise(bounds):
        if low > 1e-300 and high < 1e300:
            assert high / low == pytest.approx(2.0 ** (2.0**-scale), rel=1e-12)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1), st.integers(0, 50))
def test_any_scale_and_offset_give_rising_bounds(scale, offset, buckets):
    """Whatever is sent, the bounds never fall and never raise."""
    bounds = upper_bounds(scale, offset, buckets)

    assert sorted(bounds) == list(bounds)
