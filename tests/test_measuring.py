"""What coverage is told of."""

from __future__ import annotations

import os

import pytest


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("in a test that coverage is not told of", marks=pytest.mark.no_cover),
        "after one",
    ],
)
def test_no_child_is_measured_unless_a_test_asks_for_it(when):
    """A collector that is takes twice as long for everything, and the tests start some hundred of them."""
    assert [] == [name for name in os.environ if name.startswith("COVERAGE_PROCESS")], when
