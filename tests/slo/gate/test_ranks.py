"""The rank test on binned durations, beside scipy's and beside every order there is."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest
import scipy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.slo.gate.evidence import Durations
from fournines.slo.gate.ranks import FIRST_LOOK, Look, Slowness, _strata, looks

BINS = 4


def durations(canary, baseline):
    """Durations by bucket, in bins."""
    starts = np.arange(len(canary), dtype=np.int64) * 10
    return Durations(starts, np.array(canary, dtype=np.int64), np.array(baseline, dtype=np.int64))


def spelt(bins):
    """Bins as one number a duration."""
    return np.repeat(np.arange(len(bins)), bins)


def drawn(rng, buckets, each, shift=0.0):
    """Durations drawn from a log-normal, in 13 bins of a factor of 1.5."""
    edges = scipy.stats.norm.cdf((np.log(0.05 * 1.5 ** np.arange(12)) + 1.5 - shift) / 0.5)
    return rng.multinomial(each, np.diff(edges, prepend=0, append=1), buckets)


@given(
    st.lists(st.integers(0, 60), min_size=BINS, max_size=BINS).filter(lambda bins: 100 <= sum(bins) < 200),
    st.lists(st.integers(0, 60), min_size=BINS, max_size=BINS).filter(lambda bins: sum(bins) >= 100),
)
@example([97, 3, 0, 0], [100, 0, 0, 0])
@settings(max_examples=40)
def test_one_bucket_is_mann_and_whitneys(canary, baseline):
    """With ties, and as scipy has it; the first look's chance counts double."""
    (look,) = looks(durations([canary], [baseline]))
    ours, theirs = spelt(canary), spelt(baseline)
    if len(set(ours) | set(theirs)) == 1:
        assert (look.chance, look.superiority) == (1, 0.5)
        return
    known = scipy.stats.mannwhitneyu(ours, theirs, alternative="greater", method="asymptotic", use_continuity=False)

    assert look.chance == pytest.approx(min(1, 2 * known.pvalue), rel=1e-9, abs=1e-300)
    assert look.superiority == pytest.approx(known.statistic / (len(ours) * len(theirs)))


def test_its_mean_and_spread_are_those_of_every_order():
    """Over all ways to say which of a bucket's durations are whose, wins above expectation have mean 0 and the variance it says."""
    everyone, ours = np.array([0, 0, 1, 2, 2, 2, 3]), 3
    splits = []
    for mine in itertools.combinations(range(len(everyone)), ours):
        canary = np.bincount(everyone[list(mine)], minlength=BINS)
        splits.append(_strata(canary[np.newaxis], (np.bincount(everyone, minlength=BINS) - canary)[np.newaxis])[0])
    above = [each[0] for each in splits]

    assert statistics.mean(above) == pytest.approx(0, abs=1e-12)
    assert [each[1] for each in splits] == pytest.approx([statistics.pvariance(above)] * len(splits))


def ranked(canary, baseline):
    """By ranks and their variance over all orders, the sums of a test stratified by bucket: how far above expectation, and its variance."""
    above = spread = 0.0
    for mine, theirs in zip(canary, baseline, strict=True):
        ours, others = spelt(mine), spelt(theirs)
        ranks, many = scipy.stats.rankdata([*ours, *others]), len(ours) + len(others)
        if len(ours) and len(others):
            above += (ranks[: len(ours)].sum() - len(ours) * (many + 1) / 2) / (many + 1)
            spread += (
                len(ours) * len(others) / (many * (many - 1)) * ((ranks - (many + 1) / 2) ** 2).sum() / (many + 1) ** 2
            )
    return above, spread


ANY_BUCKETS = st.integers(1, 6).flatmap(
    lambda rows: st.tuples(
        *[st.lists(st.lists(st.integers(0, 90), min_size=3, max_size=3), min_size=rows, max_size=rows)] * 2
    )
)


@given(ANY_BUCKETS)
@settings(max_examples=40)
def test_buckets_are_added_with_van_elterens_weights(buckets):
    """Each bucket's rank sum by one more than its durations; each look at the chance of all until then, twice that of the look before."""
    canary, baseline = np.array(buckets[0]), np.array(buckets[1])
    smaller = np.minimum(canary.sum(axis=1).cumsum(), baseline.sum(axis=1).cumsum())
    expected = []
    for number in range(10):
        if smaller[-1] >= 100 * 2**number:
            last = int((smaller < 100 * 2**number).sum()) + 1
            above, spread = ranked(canary[:last], baseline[:last])
            chance = scipy.stats.norm.sf(above / spread**0.5) if spread > 1e-12 else 1.0
            expected.append(min(1.0, chance * 2 ** (number + 1)))

    assert [look.chance for look in looks(durations(canary, baseline))] == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_what_is_all_alike_says_nothing():
    """In one bin, or never in the same bucket, nobody is slower."""
    alike = looks(durations([[150, 0]], [[150, 0]]))
    apart = looks(durations([[0, 150], [0, 0]], [[0, 0], [150, 0]]))

    many = looks(durations([[10**6, 0]], [[10**6 + 1, 0]]))

    assert alike == apart == [Look(1, 0.5)]
    assert {look.chance for look in many} == {1.0}


def test_a_share_that_chance_brings_is_let_pass():
    """64 of 100 pairs at 100 durations each: one time in a thousand, which is too often where one in a hundred thousand is allowed."""
    found = durations([[22, 28, 50]], [[0, 100, 0]])

    assert Slowness.of(found, 0.01).slower
    assert Slowness.of(found, looks(found)[0].chance).slower
    assert not Slowness.of(found, 1e-12).slower


def test_the_share_is_that_of_the_last_look():
    """Whoever was slower at first, and is not any more, is said to be as it is; that it was stopped stays."""
    found = Slowness.of(durations([[0, 100], [400, 0], [400, 0]], [[100, 0], [400, 0], [400, 0]]), 0.001)

    assert found.slower
    assert found.superiority < 0.6
    assert (found.canary, found.baseline) == (900, 900)


def test_what_slows_everybody_is_no_evidence():
    """A canary whose share grows while everybody gets slower is not called slow, though its pooled durations are."""
    rng = np.random.default_rng(4)
    canary = np.concatenate([drawn(rng, 10, 20), drawn(rng, 10, 180, shift=1.0)])
    baseline = np.concatenate([drawn(rng, 10, 180), drawn(rng, 10, 20, shift=1.0)])
    pooled = scipy.stats.mannwhitneyu(spelt(canary.sum(axis=0)), spelt(baseline.sum(axis=0)), alternative="greater")

    found = Slowness.of(durations(canary, baseline), 0.001)

    assert pooled.pvalue < 1e-12
    assert not found.slower
    assert 0.45 < found.superiority < 0.55


def test_a_slower_version_is_slower():
    """Half as long again at the usual spread is found at the first looks."""
    rng = np.random.default_rng(5)

    found = Slowness.of(durations(drawn(rng, 3, 200, shift=0.405), drawn(rng, 3, 200)), 0.001)

    assert found.slower
    assert found.chance < 1e-6
    assert found.superiority > 0.66


def test_slower_by_little_is_let_pass():
    """Beyond any chance, and still nobody's business: 5 % longer."""
    rng = np.random.default_rng(6)

    found = Slowness.of(durations(drawn(rng, 60, 1000, shift=0.05), drawn(rng, 60, 1000)), 0.001)

    assert found.chance < 1e-6
    assert not found.slower


def test_looks_stay_what_they_were():
    """Whatever comes later, the first looks say the same: whoever asks often, or once, is told the same."""
    rng = np.random.default_rng(7)
    canary, baseline = drawn(rng, 40, 25), drawn(rng, 40, 50)
    whole = looks(durations(canary, baseline))

    assert len(whole) == 4
    for rows in range(1, 40):
        before = looks(durations(canary[:rows], baseline[:rows]))
        assert before == whole[: len(before)]


@pytest.mark.parametrize(("smaller", "expected"), [(0, 0), (99, 0), (100, 1), (199, 1), (200, 2), (399, 2), (400, 3)])
def test_it_looks_at_each_doubling(smaller, expected):
    """At 100 durations of the smaller side, at 200, at 400."""
    assert FIRST_LOOK == 100
    assert len(looks(durations([[smaller, 0]], [[0, 1000]]))) == expected
    assert len(looks(durations([[0, 1000]], [[smaller, 0]]))) == expected


def test_nothing_is_no_look():
    """Without a bucket nothing is compared."""
    assert Slowness.of(durations(np.zeros((0, BINS)), np.zeros((0, BINS))), 0.01) == Slowness(0, 0, 1.0, 0.5, False)


def test_few_are_called_slow_who_are_not():
    """Of equals, asked at six looks each and whatever the effect, no more than the limit are beyond chance (seeded, 800 of them)."""
    rng = np.random.default_rng(8)
    misled = 0
    for _ in range(800):
        found = Slowness.of(durations(drawn(rng, 40, 100), drawn(rng, 40, 100)), 0.05)
        misled += found.chance <= 0.05

    assert misled / 800 <= 0.05
