"""Boundaries by number: one number for the same, another for others, whoever fails, forgets and restarts."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector.ledger.schema import migrate
from fournines.collector.streams.boundaries import Boundaries

BOUNDS = st.sampled_from([(0.1,), (0.1, 0.2), (0.3,), (5.0, 7.5, 10.0)])
STORY = st.lists(
    st.one_of(
        st.tuples(st.just("number"), BOUNDS),
        st.tuples(st.just("number"), BOUNDS),
        st.tuples(st.just("retain"), st.sets(BOUNDS)),
        st.tuples(st.sampled_from(["commit", "fail", "restart"])),
    ),
    max_size=30,
)


@given(STORY)
@example([
    ("number", (0.1,)), ("number", (0.3,)), ("commit",), ("fail",), ("number", (0.1,)), ("restart",), ("number", (0.1, 0.2)),
    ("commit",), ("retain", set()), ("commit",), ("number", (0.1,)), ("number", (0.3,)),
])  # fmt: skip
def test_boundaries_keep_their_number(story):
    """No other boundaries have it, until they are used no more or their commit failed; it is above nought, which is that of none."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        boundaries, seen, kept = Boundaries(connection), {}, {}
        for step, *what in story:
            if step == "number":
                number = boundaries.number(what[0])
                assert seen.setdefault(what[0], number) == number > 0
            elif step == "retain":
                seen = {bounds: number for bounds, number in seen.items() if bounds in what[0]}
                boundaries.retain(set(seen.values()))
            elif step == "fail":
                boundaries.forget()
                seen = dict(kept)
            else:
                boundaries.write(connection)
                boundaries.keep()
                kept = dict(seen)
                boundaries = Boundaries(connection) if step == "restart" else boundaries
            assert boundaries.changed or seen == kept
            assert not boundaries.changed or step in {"number", "retain"}
            assert len(boundaries) == len(set(seen.values())) == len(seen)
            assert [boundaries[number] for number in seen.values()] == list(seen)
        rows = connection.execute("SELECT id FROM boundary").fetchall()

    assert {number for (number,) in rows} == set(kept.values())


def test_no_boundaries_are_number_nought():
    """In every ledger: streams without boundaries stand there with it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        boundaries = Boundaries(connection)
        boundaries.number((0.1,))

        assert (boundaries.number(()), boundaries[0]) == (0, ())
        assert len(boundaries) == 1
