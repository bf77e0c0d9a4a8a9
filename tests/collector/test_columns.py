"""Times as they are on the wire."""

from __future__ import annotations

from fournines.collector.columns import nanoseconds


def test_nanoseconds_keep_whole_seconds():
    """A whole second is exactly a thousand million nanoseconds, in spite of floats."""
    assert all(nanoseconds(float(second)) == second * 10**9 for second in range(1_790_000_000, 1_790_000_500))
