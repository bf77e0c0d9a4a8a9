"""Whatever is logged can be said, within bounds, and nobody is hurt by trying."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import pathlib
import uuid
from collections import OrderedDict, deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.instrumentation.logs.values import (
    LONGEST_TEXT,
    MARGIN,
    MOST_VALUES,
    plain,
    shortened,
    without_middle,
)


class Colour(enum.Enum):
    RED = "red"


class Hostile:
    def __repr__(self):
        raise RuntimeError("no")

    __str__ = __repr__


class Disguised:
    @property
    def __class__(self):
        raise RuntimeError("no")


class Lying(dict):
    def items(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("text", "text"),
        (None, None),
        (True, True),
        (7, 7),
        (2**64, "0x10000000000000000"),
        (0.5, 0.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (b"bytes\xff", "bytes\\xff"),
        (Colour.RED, "red"),
        (decimal.Decimal("1.10"), "1.10"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("/a"), "/a"),
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "2026-01-02T00:00:00+00:00"),
        ((1, {"a": deque([2])}), [1, {"a": [2]}]),
        (OrderedDict({1: None, (2, 3): "x"}), {"1": None, "[2, 3]": "x"}),
        ("half \ud800", "half ?"),
        (1j, "1j"),
    ],
)  # fmt: skip
def test_values_are_said_plainly(value, said):
    """Text, numbers and truth as they are, lists and maps of them likewise, all else in words."""
    assert plain(value) == said


@pytest.mark.parametrize(
    "make", [Hostile, Disguised, lambda: Lying(a=1), lambda: [Hostile()], lambda: {"k": Hostile()}, lambda: 10**5_000]
)
def test_no_value_raises(make):
    """A value that fails when it is looked at is named by its type; its neighbours are not lost."""
    said = plain(["before", make(), "after"])

    assert (said[0], said[-1]) == ("before", "after")
    json.dumps(said, allow_nan=False)


def test_cycles_and_bombs_end():
    """A list within itself, and a list of lists of lists, are said in at most so many values."""
    cycle = []
    cycle.append(cycle)
    bomb = ["x"] * 50
    for _ in range(10):
        bomb = [bomb] * 50

    for value in (cycle, bomb):
        assert len(json.dumps(plain(value))) < 20 * MOST_VALUES


def test_texts_are_cut_only_after_redaction():
    """What is said at first keeps a margin, so that a secret at the edge is seen whole; in the end nothing exceeds the bound."""
    long = "x" * (LONGEST_TEXT * 3)

    assert len(plain(long)) == LONGEST_TEXT + MARGIN
    assert shortened([{"k": plain(long)}]) == [{"k": "x" * LONGEST_TEXT + "…"}]
    assert shortened("short") == "short"


def test_a_trace_loses_its_middle():
    """How it began and, longer, how it ended stay."""
    text = "".join(f"{number}\n" for number in range(10_000))
    short = without_middle(text, 1_000)

    assert short.startswith("0\n1\n")
    assert short.endswith("9998\n9999\n")
    assert len(short) < 1_100


things = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
)


@given(things)
@settings(max_examples=40, deadline=None)
def test_all_of_it_is_json_and_utf8(value):
    """Whatever it is, JSON and UTF-8 can say it."""
    json.dumps(plain(value), allow_nan=False, ensure_ascii=False).encode()
