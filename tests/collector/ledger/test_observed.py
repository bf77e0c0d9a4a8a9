"""From when an SLO is observed: as far back as its events can be believed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fournines.collector.ledger.tallies import observed_from
from fournines.slo import HOUR

T = 1_790_000_000


@given(st.lists(st.one_of(st.integers(T - 2 * HOUR, T + 2 * HOUR), st.integers(-(2**62), 2**62)), min_size=1))
def test_an_events_beginning_is_believed_within_an_hour(began):
    """At most an hour before the bucket; the bucket itself where the beginning is not said, or more than an hour ahead."""
    found = observed_from(np.array(began), T).tolist()

    assert [T if begun <= 0 or begun > T + HOUR else max(begun, T - HOUR) for begun in began] == found
