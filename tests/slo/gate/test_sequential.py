"""Evidence that may be looked at all the time: its chances are added up over everything that can happen."""

from __future__ import annotations

import itertools
import math
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import scipy

from fournines.slo.gate.comparison import FEWEST
from fournines.slo.gate.sequential import (
    HARM,
    MISS,
    against_baseline,
    against_objective,
    beyond_share,
    requests_needed,
)

SMALL = [(2, 3), (1, 9), (5, 5), (9, 1), (7, 0), (0, 4)]


def one_bucket(bad, total, other_bad, other_total):
    return np.array([[bad, total, other_bad, other_total]])


def split(ours, theirs, failures, odds=1.0):
    """How likely each split of a bucket's failures is, if ours fail at so many times the odds of theirs."""
    least, most = max(0, failures - theirs), min(failures, ours)
    law = scipy.stats.nchypergeom_fisher(ours + theirs, ours, failures, odds)
    return [(bad, float(law.pmf(bad)) if least < most else 1.0) for bad in range(least, most + 1)]


@pytest.mark.parametrize(("ours", "theirs"), SMALL)
@pytest.mark.parametrize("odds", [1.0, 0.5, 0.01])
def test_a_bucket_is_expected_to_say_nothing_against_a_version_no_worse(ours, theirs, odds):
    """Of all ways to split its failures, at even odds or better, the evidence is 1 on the mean or less: exactly, however few there are."""
    for failures in range(ours + theirs + 1):
        mean = sum(
            chance * math.exp(against_baseline(one_bucket(bad, ours, failures - bad, theirs))[0])
            for bad, chance in split(ours, theirs, failures, odds)
        )

        assert mean <= 1 + 1e-12


@pytest.mark.parametrize("allowed", [0.0001, 0.01, 0.3, 0.9])
@pytest.mark.parametrize("kept", [1.0, 0.7, 0.1])
def test_the_objective_is_expected_to_be_met_by_a_version_that_meets_it(allowed, kept):
    """On the mean the evidence against it is 1 where it fails as often as allowed, and less where it fails less."""
    total = 40
    mean = sum(
        float(scipy.stats.binom.pmf(bad, total, allowed * kept))
        * math.exp(against_objective(one_bucket(bad, total, 0, 0), allowed)[0])
        for bad in range(total + 1)
    )

    assert mean == pytest.approx(1) if kept == 1 else mean < 1


@pytest.mark.parametrize("limit", [3.0, 10.0, 50.0])
def test_it_is_ever_large_as_rarely_as_it_says(limit):
    """Over every way in which three buckets can go, it is at any time above x with a chance of 1/x at most."""
    buckets = [(3, 9, 4), (2, 2, 2), (4, 28, 5)]
    paths = itertools.product(*(split(*bucket) for bucket in buckets))
    ever = 0.0
    for path in paths:
        counts = np.array(
            [[bad, ours, fails - bad, theirs] for (bad, _), (ours, theirs, fails) in zip(path, buckets, strict=True)]
        )
        if against_baseline(counts).max() >= math.log(limit):
            ever += math.prod(chance for _, chance in path)

    assert 0 < ever <= 1 / limit


def test_buckets_multiply_within_each_alternative():
    """Evidence up to a bucket is the mean, over all raised odds, of the product of the ratios of likelihoods so far."""
    hits, trials, share = np.array([1, 0, 3]), np.array([2, 4, 3]), np.array([0.25, 0.5, 0.1])
    expected = []
    for buckets in (1, 2, 3):
        products = [
            math.prod(
                scipy.stats.binom.pmf(hit, trial, odds * p / (odds * p + 1 - p)) / scipy.stats.binom.pmf(hit, trial, p)
                for hit, trial, p in list(zip(hits, trials, share, strict=True))[:buckets]
            )
            for odds in (2, 4, 8, 16, 32, 64, 128)
        ]
        expected.append(math.log(sum(products) / 7))

    assert beyond_share(hits, trials, share) == pytest.approx(expected)


def test_what_only_one_side_has_says_nothing():
    """Failures in buckets without the baseline's requests, or without the canary's, are no comparison."""
    counts = np.array([[5, 50, 0, 0], [0, 0, 7, 10], *[[1, 1, 0, 0]] * 9])

    assert against_baseline(counts) == pytest.approx(0, abs=1e-12)


def test_its_objective_judges_a_version_from_a_minute_after_it_took_over():
    """While the others had more than a tenth within the last six buckets nothing is held against it, before and after."""
    shared, alone = [(9, 100, 0, 100)] * 10, [(1, 100, 0, 0)] * 12
    after = [(9, 100, 0, 100)] * 4

    said = against_objective(np.array([*shared, *alone, *after]), 0.001)

    assert said[:15] == pytest.approx(np.zeros(15), abs=1e-12)
    assert said[15:22] == pytest.approx(against_objective(np.array(alone[:7]), 0.001))
    assert said[22:] == pytest.approx(np.full(4, said[21]))


def test_nine_tenths_are_all_of_the_traffic():
    """And less is not."""
    assert against_objective(one_bucket(9, 90, 0, 10), 0.001)[0] > 0
    assert against_objective(one_bucket(9, 89, 0, 10), 0.001)[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("allowed", [0.0001, 0.01, 0.4])
@pytest.mark.parametrize("bad", [0, 1, 17])
def test_harm_is_excluded_by_the_ratio_of_likelihoods(allowed, bad):
    """The requests needed are the fewest at which keeping the objective is 20 times as likely as failing at 14.4 times its odds."""
    harm = HARM * allowed / (1 + allowed * (HARM - 1))

    def ratio(total):
        return bad * math.log(allowed / harm) + (total - bad) * math.log((1 - allowed) / (1 - harm))

    needed = requests_needed(bad, allowed)
    assert ratio(needed - 1) < math.log(1 / MISS) <= ratio(needed)


@pytest.mark.parametrize("allowed", [0.002, 0.03, 0.2])
@pytest.mark.parametrize(("worse", "most_passing"), [(1.0, MISS), (2.0, 0.005)])
def test_harm_passes_as_rarely_as_it_says(allowed, worse, most_passing):
    """Asked after each request, a version at 14.4 times the odds ever passes with a chance of 1 in 20, one twice as bad of 1 in 200."""
    odds = HARM * worse * allowed / (1 - allowed)
    harm = odds / (1 + odds)
    most = 60
    waiting, passed = np.zeros(most + 1), 0.0
    waiting[0] = 1.0
    needed = np.array([requests_needed(bad, allowed) for bad in range(most + 1)])
    for total in range(1, int(needed[most]) + 1):
        waiting[1:] = waiting[1:] * (1 - harm) + waiting[:-1] * harm
        waiting[0] *= 1 - harm
        through = total >= needed
        passed += waiting[through].sum()
        waiting[through] = 0

    assert 0 < passed <= most_passing


def test_the_page_s_table():
    """How many requests it takes, and how many more for a failure, is what docs/gate.md says."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "gate.md").read_text()
    said = re.findall(r"^\| ([0-9.]+) % \| ([0-9,]+) \|.*\| ([0-9,]+|-) \|$", page, re.MULTILINE)

    assert len(said) == 5
    for target, needed, more in said:
        allowed = float(1 - Decimal(target) / 100)
        none, one = (max(FEWEST, requests_needed(bad, allowed)) for bad in (0, 1))
        assert (f"{none:,}", f"{one - none:,}" if one > none else "-") == (needed, more)
