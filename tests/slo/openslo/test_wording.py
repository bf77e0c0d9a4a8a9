"""How faults speak of what somebody wrote."""

from __future__ import annotations

import pytest

from fournines.slo.openslo.wording import describe


@pytest.mark.parametrize(
    ("value", "said"),
    [(True, "true"), (False, "false"), (1, "the number 1"), (0, "the number 0"), (None, "nothing"), ([], "a list")],
)
def test_values_are_said_as_their_author_sees_them(value, said):
    """What is true is no number."""
    assert describe(value) == said


def test_long_texts_are_cut():
    """Forty characters tell which one is meant, and keep a fault in its line."""
    assert describe("x" * 40) == f"the text '{'x' * 40}'"
    assert describe("x" * 40 + "y") == f"the text '{'x' * 40}'"
