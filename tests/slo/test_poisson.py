"""The range of a Poisson mean, beside scipy's distributions."""

from __future__ import annotations

import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo.poisson import gamma_quantile, poisson_range

CONFIDENCES = st.sampled_from([0.5, 0.9, 0.99, 0.9999])


@given(st.one_of(st.integers(1, 10**9), st.floats(0.05, 1e4)), CONFIDENCES)
def test_it_is_garwoods(seen, confidence):
    """The ends are quantiles of gamma distributions, for parts of failures as well; of 10,000 and more to a part in a million."""
    beyond = (1 - confidence) / 2

    assert poisson_range(seen, confidence) == pytest.approx(
        (scipy.stats.gamma.ppf(beyond, seen), scipy.stats.gamma.ppf(1 - beyond, seen + 1)),
        rel=1e-11 if seen < 9_999 else 1e-6,
    )


@given(st.integers(0, 200), CONFIDENCES)
def test_what_it_means(seen, confidence):
    """Under its ends so few, and so many, events have half of what is left of the confidence."""
    beyond = (1 - confidence) / 2
    least, most = poisson_range(seen, confidence)

    assert scipy.stats.poisson.cdf(seen, most) == pytest.approx(beyond)
    assert scipy.stats.poisson.sf(seen - 1, least) == pytest.approx(beyond if seen else 1)


@pytest.mark.parametrize("mean", [0.5, 3.0, 20.0])
@pytest.mark.parametrize("confidence", [0.5, 0.9])
def test_it_holds_the_true_mean(mean, confidence):
    """Over all that may be seen under a mean, ranges hold it as often as they say, or more often."""
    held = sum(
        scipy.stats.poisson.pmf(seen, mean)
        for seen in range(200)
        if poisson_range(seen, confidence)[0] <= mean <= poisson_range(seen, confidence)[1]
    )

    assert held >= confidence


@pytest.mark.parametrize("shape", [1.0, 30.0, 1_000.0, 9_999.0])
@pytest.mark.parametrize("share", [0.00005, 0.5, 0.99995])
def test_few_are_told_to_eleven_digits(shape, share):
    """Also far out, where what is left of the weight is small beside what is not."""
    assert gamma_quantile(shape, share) == pytest.approx(scipy.stats.gamma.ppf(share, shape), rel=1e-11, abs=0)


@pytest.mark.parametrize("shape", [9_999.0, 10_000.0, 10_001.0])
def test_its_two_ways_meet(shape):
    """Where the approximation takes over nothing jumps."""
    assert gamma_quantile(shape, 0.05) == pytest.approx(scipy.stats.gamma.ppf(0.05, shape), rel=1e-8)
