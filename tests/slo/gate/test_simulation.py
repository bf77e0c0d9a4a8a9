"""How often the gate is wrong, and how soon right, over releases drawn at random: the benchmark's, fewer of them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from fournines.slo.gate.judge import ALPHA, judge
from fournines.slo.gate.judgement import GateVerdict
from fournines.slo.gate.sequential import MISS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def model():
    """`benchmarks/gate.py`."""
    spec = importlib.util.spec_from_file_location("fournines_benchmarks_gate", ROOT / "benchmarks" / "gate.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_asked_for_an_hour_it_stops_few_that_are_no_worse(model):
    """Of 210 equals, in seven kinds of traffic, no more than one in a hundred, though they are asked about every 10 s."""
    rng = np.random.default_rng(3)
    shares = [model.stopped_share(rollout, 30, rng) for rollout in model.EQUALS]

    assert sum(shares) / len(shares) <= ALPHA


def test_who_is_stopped_at_any_time_is_stopped_at_the_end(model):
    """So that asking once tells whether asking always would have: seeded releases that are somewhat worse."""
    rng = np.random.default_rng(4)
    releases = [model.Release(model.Rollout(20, 80, failing=0.001), rng) for _ in range(4)]

    for release in releases:
        verdicts = [judge(release.evidence(seconds)).verdict for seconds in range(10, 1200, 10)]
        stopped = [verdict is GateVerdict.FAIL for verdict in verdicts]

        assert True in stopped
        assert all(stopped[stopped.index(True) :])


def test_a_canary_that_fails_one_in_twenty_is_stopped_within_a_minute(model):
    """Of 50 requests a second, beside 450 that fail one in ten thousand: every one of 50, counted from its first request."""
    rng = np.random.default_rng(5)
    found = [model.Release(model.CANARY, rng).outcome() for _ in range(50)]

    assert {verdict for verdict, _ in found} == {GateVerdict.FAIL}
    assert max(seconds for _, seconds in found) < 60


def test_harm_passes_one_time_in_twenty_at_most(model):
    """What burns at 14.4x is stopped or waits in the other nineteen."""
    found = model.outcomes(model.Rollout(50, 450, failing=0.00144), 60, np.random.default_rng(6))

    assert found["passed"] <= MISS


def test_who_is_no_worse_passes_soon(model):
    """An equal of 50 requests a second passes within five minutes, every one of 30."""
    found = [model.Release(model.Rollout(50, 450), np.random.default_rng(seed)).outcome() for seed in range(30)]

    assert {verdict for verdict, _ in found} == {GateVerdict.PASS}
    assert max(seconds for _, seconds in found) <= 300
