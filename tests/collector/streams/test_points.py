"""Points as columns: their keys, families and rounds are what a walk through them tells."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector.streams.families import KEY_SIZE as FAMILY_KEY_SIZE
from fournines.collector.streams.points import KEY_SIZE, CumulativePoints

SMALL = st.integers(0, 1)
STREAMS = st.lists(st.tuples(SMALL, SMALL, SMALL, SMALL), max_size=12)
EVERY_ONE = [tuple(number >> bit & 1 for bit in range(4)) for number in range(16)]


def points_of(streams):
    """A point each of these streams: (word, word, start, stream)."""
    columns = np.array(streams, np.int64).reshape(-1, 4)
    numbers = np.arange(len(streams))
    return CumulativePoints(
        [()], numbers, columns[:, :2].astype(np.uint64), columns[:, 3], columns[:, 2], *[numbers] * 4,
        np.zeros((len(streams), 0), np.int64),
    )  # fmt: skip


def key_of(stream):
    """Its words, little-endian: the family's, and its own."""
    return b"".join(word.to_bytes(8, "little") for word in stream)


@given(STREAMS)
@example(EVERY_ONE)
@example([stream for stream in EVERY_ONE for _ in range(3)])
def test_keys_families_and_rounds(streams):
    """A stream's key begins with its family's, which neighbours share; each round has what its streams have left first, in order."""
    points = points_of(streams)
    keys = points.keys()
    families, of = points.families()
    rounds = list(points.rounds())

    assert len(points) == len(streams)
    assert keys == [key_of(stream) for stream in streams]
    assert [families[number] for number in of] == [key_of(stream[:3]) for stream in streams]
    assert all(one != other for one, other in pairwise(families))
    left = list(range(len(streams)))
    for part, names in rounds:
        firsts = [row for at, row in enumerate(left) if streams[row] not in [streams[other] for other in left[:at]]]
        assert part.rows.tolist() == part.time.tolist() == firsts
        assert names == part.keys() == [keys[row] for row in firsts]
        left = [row for row in left if row not in firsts]
    assert not left
    assert all(names for _, names in rounds) is bool(streams)
    assert (rounds[0][0] is points) == (len(rounds) == 1)


def test_keys_are_as_long_as_their_words():
    """Four words of eight bytes, of which three are the family's: ledgers of before are read so."""
    assert (KEY_SIZE, FAMILY_KEY_SIZE) == (32, 24)
