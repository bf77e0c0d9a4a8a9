"""Who sends: told apart by what it says of itself, within bounds."""

from __future__ import annotations

from fournines.collector.senders.origin import LONGEST_NAME, origin_of


def test_an_instance_of_a_long_name_is_told_by_its_digest():
    """Two long names are two instances still, and neither takes room in memory."""
    names = [
        origin_of({"service.name": "a", "service.instance.id": 60_000 * "x" + end}).sender.instance for end in "yz"
    ]

    assert len(set(names)) == 2
    assert LONGEST_NAME > max(map(len, names))
    assert "b" == origin_of({"service.instance.id": "b"}).sender.instance
