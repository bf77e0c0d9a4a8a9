"""What is remembered of attribute sets is what would be made of them now."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fournines.collector import remembered as module
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


def test_long_texts_are_not_held_on_to(monkeypatch):
    """However many sets there may be: of those with long texts only a few are remembered, and usual ones again after them."""
    monkeypatch.setattr(module, "MOST_TEXT", 100)
    made = []
    remembered = Remembered(made.append, 1_000)
    for number in range(50):
        remembered.of({"text": "x" * 60, "number": number})
        assert len(remembered._known) <= 2
    usual = {"text": "x"}
    for _ in range(3):
        remembered.of(usual)

    assert 51 == len(made)
