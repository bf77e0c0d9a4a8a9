"""Lists in pages: whatever comes and goes between two pages, nothing that stays is missed or given twice."""

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from fournines.serving.contract import decode_cursor, encode_cursor, page_of

PLACES = st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5))


@given(PLACES)
def test_a_cursor_is_its_place_again(place):
    """To the last bit, and fit to stand in an address."""
    cursor = encode_cursor(place)

    assert place == decode_cursor(cursor)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&? ")


@given(st.sets(PLACES, max_size=12), st.sets(PLACES, max_size=4), st.integers(1, 5), st.data())
def test_what_stays_is_given_once(stays, passes, limit, data):
    """In order, a page at a time, while others come and go."""
    given_, cursor, first = [], None, True
    while first or cursor is not None:
        first = False
        there = stays | data.draw(st.sets(st.sampled_from(sorted(passes))) if passes else st.just(set()))
        page, cursor = page_of(there, lambda each: each, limit, cursor)
        assert len(page) <= limit
        given_ += page

    assert sorted(stays) == [each for each in given_ if each in stays]


def test_without_a_limit_all_is_one_page():
    """As it was before there were pages."""
    assert ([1, 2, 3], None) == page_of([3, 1, 2], lambda each: (each,), None, None)


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "bnVsbA", encode_cursor(({},)), "W05hTl0", encode_cursor(("text",)), "W" * 4000]
)
def test_what_is_no_cursor_is_refused(cursor):
    """Also the cursor of another list, and a number that is none."""
    with pytest.raises(HTTPException) as refused:
        page_of([1, 2], lambda each: (each,), 1, cursor)

    assert 422 == refused.value.status_code
