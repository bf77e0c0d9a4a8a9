"""The room for what is received and not yet answered."""

from __future__ import annotations

import pytest

from fournines.collector import Room, Unavailable
from fournines.collector.room import Reservation


def test_a_held_body_takes_no_more_than_twice_what_came():
    """Who announces much and sends little keeps nobody out."""
    room = Room(1_000_000)
    held = [Reservation(room, 600_000) for _ in range(1_000)]
    for one in held:
        one.hold(10)

    assert 1_000 * 10 <= room.bytes <= 2 * 1_000 * 10


def test_what_is_announced_is_refused_where_it_would_find_no_room():
    """It takes none all the same: who announces much and sends nothing keeps nobody out."""
    room = Room(1_000)
    Reservation(room, 900)
    room.take(200)

    with pytest.raises(Unavailable, match="no room for more"):
        Reservation(room, 900)
    assert 200 == room.bytes
