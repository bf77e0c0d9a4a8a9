"""Laws of inflating."""

from __future__ import annotations

import gzip
import os
import tracemalloc

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector.doors.body import Plain
from fournines.collector.doors.inflate import Gzip, Zstd
from fournines.collector.errors import BadRequest, TooLarge, Unavailable
from fournines.collector.room import Reservation, Room


def inflated(pieces, limit=10**6):
    inflater = Gzip(limit)
    for piece in pieces:
        inflater.feed(piece)
    return inflater.finish()


def pieces_of(data, sizes):
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=4), st.lists(st.integers(0, 50), max_size=20))
def test_members_in_any_pieces_inflate_to_what_was_deflated(members, sizes):
    """However many members a body has and however it is cut on its way, it inflates to what went in."""
    body = b"".join(gzip.compress(member) for member in members)

    assert b"".join(members) == inflated(pieces_of(body, sizes))


@given(st.integers(0, 2000))
def test_the_limit_is_exact(size):
    """A body of as many bytes as the limit is taken, one byte more is too large."""
    body = gzip.compress(b"x" * size)

    assert size == len(inflated([body], limit=size))
    with pytest.raises(TooLarge):
        inflated([gzip.compress(b"x" * (size + 1))], limit=size)


def test_a_bomb_is_never_inflated_beyond_the_limit():
    """256 MiB in 256 kB are refused after the limit's 1 MiB: memory never holds much more than that."""
    bomb = gzip.compress(bytes(256 * 2**20), compresslevel=1)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            inflated([bomb], limit=2**20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 8 * 2**20


@given(st.integers(1, 1000))
def test_a_cut_body_is_a_bad_request(missing):
    """A body that ends anywhere before its end is refused, whatever it held so far."""
    body = gzip.compress(os.urandom(1000))

    with pytest.raises(BadRequest, match="middle"):
        inflated([body[:-missing]])


@pytest.mark.parametrize(
    "body",
    [b"plain", gzip.compress(b"x") + b"trailing", gzip.compress(b"x")[:-8] + b"\0" * 8],
    ids=["plain", "trailing", "checksum"],
)
def test_what_is_no_gzip_is_a_bad_request(body):
    """Other bytes, bytes after the end, and a wrong checksum are refused."""
    with pytest.raises(BadRequest):
        inflated([body])


def test_no_bytes_are_an_empty_body():
    """Nothing sent is nothing meant."""
    assert b"" == inflated([])


def test_frames_of_zstd_in_any_pieces_inflate_to_what_was_deflated():
    """Several frames, an empty one and one to be skipped, cut anywhere, inflate to what went in."""
    skipped = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    body = zstandard.compress(b"one") + skipped + zstandard.compress(b"") + zstandard.compress(b"two" * 10_000)

    for size in (1, 7, len(body)):
        inflater = Zstd(10**6)
        for at in range(0, len(body), size):
            inflater.feed(body[at : at + size])
        assert b"one" + b"two" * 10_000 == inflater.finish()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (zstandard.compress(b"x" * 1000)[:-1], "middle"),
        (b"plain", "no sound zstd"),
        (zstandard.compress(b"x") + b"trailing", "no sound zstd"),
    ],
)
def test_what_is_no_whole_zstd_is_a_bad_request(body, said):
    """A frame cut off, other bytes, and bytes behind the end are refused."""
    inflater = Zstd(10**6)

    def read():
        inflater.feed(body)
        return inflater.finish()

    with pytest.raises(BadRequest, match=said):
        read()


def test_a_window_larger_than_recommended_is_refused():
    """No sender makes us allocate more than 8 MiB for its window."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    large = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = large.compress(b"x") + large.flush()

    with pytest.raises(BadRequest, match="memory"):
        Zstd(10**6).feed(body)


def test_a_zstd_bomb_is_never_inflated_far_beyond_the_limit():
    """A gigabyte in 32 kB is refused, and memory never holds more than a piece of it."""
    bomb = zstandard.ZstdCompressor().compress(bytes(2**30))
    held = []
    inflater = Zstd(2**20, held.append)

    with pytest.raises(TooLarge):
        inflater.feed(bomb)
    assert sum(held) <= 2**20


def test_what_is_held_is_said_before():
    """Each piece asks for its room, and the first there is none for ends the body."""
    room = Room(1000)
    held = Reservation(room, 0)
    inflater = Gzip(10**6, held.hold)
    room.take(1)

    with pytest.raises(Unavailable):
        inflater.feed(gzip.compress(bytes(5000)))
    held.give_back()
    assert 1 == room.bytes


@pytest.mark.no_cover
def test_small_pieces_cost_their_bytes():
    """A body in pieces of two bytes takes memory for its bytes, not for an object a piece."""
    size = 75_000
    for sink in (Plain(size), Gzip(size), Zstd(size)):
        body = {
            Plain: bytes(size),
            Gzip: gzip.compress(os.urandom(size // 2)),
            Zstd: zstandard.compress(os.urandom(size // 2)),
        }[type(sink)]
        tracemalloc.start()
        for at in range(0, len(body), 2):
            sink.feed(body[at : at + 2])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < 3 * size + 2**20


@pytest.mark.parametrize(
    ("inflater", "nothing"),
    [(Gzip, gzip.compress(b"", mtime=0)), (Zstd, zstandard.ZstdCompressor().compress(b""))],
    ids=["gzip", "zstd"],
)
def test_what_inflates_to_nothing_ends(inflater, nothing):
    """Compressed bytes are bounded as well: a body that inflates to nothing is not read for ever."""
    body = inflater(100_000)

    for _ in range(100_000 // len(nothing)):
        body.feed(nothing)

    with pytest.raises(TooLarge):
        body.feed(nothing * 100_000)


def test_a_finished_body_is_held_once():
    """Who asked for the whole body has the only one, however long its exchange still waits for the answer."""
    plain = Plain(10)
    for piece in (b"ab", b"cd"):
        plain.feed(piece)

    assert b"abcd" == plain.finish()
    assert b"" == plain.finish()
