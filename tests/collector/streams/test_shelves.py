"""Shelves of streams: what was said last is found once, whatever width it has and had."""

from __future__ import annotations

import sqlite3

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.collector.ledger.schema import migrate
from fournines.collector.streams.points import KEY_SIZE
from fournines.collector.streams.shelves import BOUND, COUNT, LEAD, SEEN, Shelves

KEYS = [bytes([number + 1]) * KEY_SIZE for number in range(6)]
SAID = st.tuples(
    st.just("say"),
    st.dictionaries(st.integers(0, 5), st.integers(0, 2**40), min_size=1),
    st.sampled_from([0, 8, 16]),
)
STORY = st.lists(
    st.one_of(SAID, SAID, st.tuples(st.just("remove"), st.integers(0, 3)), st.tuples(st.sampled_from(["fail", "commit", "restart"])))
)  # fmt: skip


def shown(shelves):
    """Every stream, what it said last, when, and in how many buckets."""
    keys = shelves.everyone().keys
    last = shelves.last(keys, 8)
    assert last.known().all()
    everyone = shelves.everyone()
    assert (len(keys), sum(everyone.sizes.tolist())) == (len(shelves), shelves.numbers)
    assert len(keys) == sum(int(pages._keys.any(axis=1).sum()) for pages in shelves.pages)
    widths = (everyone.sizes - LEAD).tolist()
    assert shelves.bounds_in_use() == set(widths) - {0}
    return sorted(zip(keys, last.rows[:, COUNT].tolist(), everyone.seen.tolist(), widths, strict=True))


def settle(shelves, connection, how):
    """Ends what is staged; gives the shelves as they are then."""
    for pages in shelves.pages:
        if how != "fail":
            pages.write(connection)
        pages.forget() if how == "fail" else pages.keep()
    return Shelves(connection) if how == "restart" else shelves


@settings(max_examples=60, deadline=None)
@given(STORY)
@example(
    [
        ("say", {0: 5, 1: 6}, 8),
        ("commit",),
        ("say", {0: 7, 1: 8, 2: 9}, 8),
        ("fail",),
        ("say", {0: 9, 3: 1}, 16),
        ("fail",),
    ]
)
def test_what_a_stream_said_last_is_found_whatever_width_it_had(story):
    """Each stream stands on one shelf, with its last row, through changes of width and back, removals, failures and restarts."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    shelves, true, kept = Shelves(connection), {}, {}
    for kind, *what in story:
        if kind == "say":
            said, width = what
            keys, rows = [KEYS[number] for number in said], np.zeros((len(said), LEAD + width), np.int64)
            rows[:, COUNT], rows[:, SEEN], rows[:, BOUND] = list(said.values()), 7, width
            last = shelves.last(keys, width)
            assert [true.get(key, (None,))[0] for key in keys] == [
                count if known else None
                for count, known in zip(last.rows[:, COUNT].tolist(), last.known(), strict=True)
            ]
            shelves.put(keys, rows, last)
            true |= {key: (count, width) for key, count in zip(keys, said.values(), strict=True)}
        elif kind == "remove":
            everyone = shelves.everyone()
            gone = np.arange(len(everyone.keys)) % 4 == what[0]
            everyone.remove(gone)
            true = {key: true[key] for key, off in zip(everyone.keys, gone, strict=True) if not off}
        else:
            shelves = settle(shelves, connection, kind)
            kept = kept if kind == "fail" else true
            true = dict(kept)
        assert [(key, count, 7, width) for key, (count, width) in sorted(true.items())] == shown(shelves)
    connection.close()


def test_streams_that_come_in_the_same_order_are_found_only_where_they_still_stand():
    """An order that is remembered is a guess: once another stream has a slot, or one is gone, all are looked for again."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    shelves = Shelves(connection)
    words = np.frombuffer(b"".join(KEYS[:3]), np.uint64).reshape(3, -1)
    rows = np.arange(3 * LEAD).reshape(3, LEAD)
    shelves.put(KEYS[:3], rows, shelves.last(KEYS[:3], 0))
    shelves.note(words, shelves.last(KEYS[:3], 0))

    recalled = shelves.recalled(words, 0)
    assert recalled is not None
    assert rows.tolist() == recalled.rows.tolist()
    assert shelves.recalled(words[:2], 0) is None
    shelves.note(words[:2], shelves.last(KEYS[:2], 0))
    assert shelves.recalled(words, 0) is None
    shelves.note(words, shelves.last(KEYS[:3], 0))
    shelves.note(words[:0], shelves.last([], 0))
    assert shelves.recalled(words[:0], 0) is None
    assert shelves.recalled(words, 0) is not None
    assert shelves.recalled(words[::-1].copy(), 0) is None
    assert shelves.recalled(words, 8) is None
    many = [bytes([9, number // 256, number % 256, *bytes(29)]) for number in range(600)]
    shelves.put(many, np.zeros((600, LEAD), np.int64), shelves.last(many, 0))
    far = np.frombuffer(b"".join(many), np.uint64).reshape(600, -1)
    shelves.note(far, shelves.last(many, 0))
    assert shelves.recalled(far, 8) is None
    shelves.everyone().remove(np.array([key == KEYS[1] for key in shelves.everyone().keys]))
    assert shelves.recalled(words, 0) is None
    settle(shelves, connection, "commit")
    shelves.put(KEYS[4:5], rows[:1], shelves.last(KEYS[4:5], 0))
    assert shelves.recalled(words, 0) is None
    connection.close()


def test_streams_stand_behind_the_families_in_every_ledger():
    """Each width has its own pages; a row is its time in eight bytes, the rest in four where it fits: ledgers of before are read so."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    shelves = Shelves(connection)
    shelves.put(KEYS[:1], np.array([[7 * 2**32, 1, 2, 3, 4, 5]]), shelves.last(KEYS[:1], 2))
    settle(shelves, connection, "commit")
    ((number, cells),) = connection.execute("SELECT id, cells FROM page_cells").fetchall()
    connection.close()

    assert (3 << 32, 1 + 8 + 5 * 4) == (number, len(cells))
    assert [7 * 2**32] == np.frombuffer(cells[1:9], "<i8").tolist()
    assert [1, 2, 3, 4, 5] == np.frombuffer(cells[9:], "<u4").tolist()
