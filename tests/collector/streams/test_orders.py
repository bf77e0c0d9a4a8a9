"""What was learned of orders: the last of each, and no more than there is room for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector.streams import orders as module
from fournines.collector.streams.orders import COST, Learned

KEYS = [b"a", b"b", b"c"]


@pytest.fixture(autouse=True, scope="module")
def _little_room():
    """For three orders of two streams."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", 3 * (COST + 2))
        yield


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 2 * COST)), max_size=12))
@example([(key, streams) for streams in (2, 0, 1, 3, 2) for key in KEYS])
def test_what_was_learned_last_is_known_while_there_is_room(learned):
    """An order costs its streams and something beside; where all that are known would cost too much, only the newest stays."""
    orders, plain = Learned(), {}
    for number, (key, streams) in enumerate(learned):
        orders.put(key, number, streams)
        plain[key] = number, streams
        if sum(size + COST for _, size in plain.values()) > 3 * (COST + 2):
            plain = {key: plain[key]}
        assert [orders.get(each) for each in KEYS] == [plain[each][0] if each in plain else None for each in KEYS]
