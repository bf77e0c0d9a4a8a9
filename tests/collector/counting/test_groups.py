"""Rows in groups: what is summed up over arrays is what a dictionary sums up row by row."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector.counting.groups import Groups

ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(-(2**40), 2**40)), max_size=30)


@given(ROWS, st.sampled_from([10, 100, 2**40]))
@example([], 10)
@example([(code, code) for code in range(10)], 10)
def test_groups_are_what_a_dictionary_makes_of_their_rows(rows, most):
    """However many codes there could be: the same groups in order, the same sums, the same least, and a first row of each."""
    codes, column = np.array(rows, np.int64).reshape(-1, 2).T
    groups = Groups.by(codes, most)
    said = {code: [value for other, value in rows if other == code] for code in sorted(codes.tolist())}

    assert list(said) == groups.codes.tolist()
    assert codes.tolist() == groups.codes[groups.of].tolist()
    assert [sum(values) for values in said.values()] == groups.sums(column).tolist()
    assert [min(values) for values in said.values()] == groups.least(column).tolist()
    assert [codes.tolist().index(code) for code in said] == groups.first().tolist()
