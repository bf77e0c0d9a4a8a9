"""What is remembered of attribute sets is what would be made of them now."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fournines.collector.remembered import Remembered


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60), st.integers(1, 5))
def test_what_is_remembered_is_what_would_be_made(asked, most):
    """Sets that come again, or equal ones in other objects, or in the place of ones that are gone: each is told for what it is."""
    sets = [{"number": number} for number in range(10)]
    made = []
    remembered = Remembered(lambda attributes: made.append(attributes) or attributes["number"], most)
    for number, again in asked:
        assert number == remembered.of(sets[number] if again else {"number": number})

    assert len(made) <= len(asked)


def test_the_same_object_is_worked_through_once():
    """While it is remembered; after too many others it is forgotten, and made again."""
    made = []
    remembered = Remembered(made.append, 2)
    one, other, third = {"a": 1}, {"a": 1}, {}
    for each in (one, one, other, one, third, one):
        remembered.of(each)

    assert [one, other, third, one] == made
