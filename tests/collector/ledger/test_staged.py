"""A dictionary with a staging area: what a transaction sees, keeps and forgets."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector.ledger.staged import Staged

KEYS = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS),
        st.tuples(st.sampled_from(["remove"]), KEYS),
        st.sampled_from(["keep", "forget"]),
    )
)


@given(st.sets(KEYS), STEPS)
@example({0, 1}, [("remove", 0), "keep", ("put", 0), ("remove", 0), "keep"])
def test_what_is_staged_is_seen_kept_and_forgotten(known, steps):
    """Entries, their number and look-ups are those of a plain dictionary, through transactions that succeed and fail."""
    staged, kept = Staged((key, 0) for key in known), dict.fromkeys(known, 0)
    seen = dict(kept)
    for number, step in enumerate(steps, 1):
        match step:
            case "put", key:
                staged.put(key, number)
                seen[key] = number
            case "remove", key:
                staged.remove(key)
                seen.pop(key, None)
            case "keep":
                staged.keep()
                kept = dict(seen)
            case "forget":
                staged.forget()
                seen = dict(kept)
        assert seen == dict(staged.items())
        assert len(seen) == len(staged)
        assert all(seen.get(key) == staged.get(key) for key in range(6))
        assert kept == staged.kept


class Unlooked(dict):
    """Cannot be gone through."""

    def __iter__(self):
        raise AssertionError("looked through")

    items = keys = values = __iter__


def test_the_number_of_entries_is_known_without_a_look_at_each():
    """A request of ten thousand new senders asks ten thousand times: that must not cost their square."""
    staged = Staged({"known": 1}.items())
    staged.changes = Unlooked()
    staged.put("new", 1)
    staged.remove("known")

    assert 1 == len(staged)
