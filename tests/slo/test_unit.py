"""What an SLO counts."""

from __future__ import annotations

from fournines.slo import DAY, PARTS, Unit


def test_one_of_each():
    """One event and one slice are counted as 1; one share in parts."""
    assert {unit: unit.one for unit in Unit} == {Unit.EVENTS: 1, Unit.SLICES: 1, Unit.PARTS: PARTS}


def test_the_longest_window_of_the_finest_slices_fits_64_bits():
    """Parts of 400 days of 10-second slices are no more than an array can hold, and finer than any objective is written."""
    assert 400 * DAY // 10 * PARTS < 2**63
    assert PARTS == 10**12
