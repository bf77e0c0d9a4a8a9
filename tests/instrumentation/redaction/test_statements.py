"""Statements leave without their literals, and with all else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.instrumentation.redaction.statements import without_literals

SECRET = "zq"
"""Stands in every literal, and in nothing else."""
WORDS = st.sampled_from(
    [
        "SELECT",
        "a",
        "t1.c2",
        "=",
        "(",
        ")",
        ",",
        '"col 1"',
        "$1",
        ":name",
        "%s",
        "%(id_1)s",
        "?",
        "::",
        "-",
        "+",
        "x9",
        "\n",
    ]
)
TEXT = st.text(st.sampled_from("ab'\\\"$-/* \nü?1"), max_size=8)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


STANDARD = st.one_of(
    TEXT.map(lambda text: quoted(SECRET + text + SECRET)),
    TEXT.map(lambda text: "E'" + (SECRET + text + SECRET).replace("\\", "\\\\").replace("'", "\\'") + "'"),
    TEXT.filter(lambda text: "$" not in text).map(lambda text: f"$b${SECRET}{text}{SECRET}$b$"),
    TEXT.filter(lambda text: "$" not in text).map(lambda text: f"$${SECRET}{text}{SECRET}$$"),
)
ESCAPED = st.one_of(
    TEXT.map(lambda text: "'" + (SECRET + text + SECRET).replace("\\", "\\\\").replace("'", "\\'") + "'"),
    TEXT.map(lambda text: '"' + (SECRET + text + SECRET).replace("\\", "\\\\").replace('"', '\\"') + '"'),
)


@pytest.mark.parametrize(("system", "literals"), [("postgresql", STANDARD), ("mysql", ESCAPED)])
def test_no_literal_is_left_and_nothing_else_is_gone(system, literals):
    """Whatever stands between, and however it is quoted: each string becomes one question mark."""

    @given(st.lists(st.one_of(WORDS, literals), max_size=12))
    def law(parts):
        if system == "mysql":
            parts = [part for part in parts if part != '"col 1"']
        plain = without_literals(" ".join(parts), system)
        assert SECRET not in plain
        assert plain == " ".join("?" if SECRET in part else part for part in parts)

    law()


@pytest.mark.parametrize("number", ["0", "12", "12.5", ".5", "1e9", "2.5E-3", "0xFF", "4111111111111111"])
@pytest.mark.parametrize("around", ["a = {}", "f({})", "a-{}", "a IN (1,{})", "{}", "x+{};", "a={}--c"])
def test_no_number_is_left(number, around):
    """Wherever a value may stand."""
    assert number not in without_literals(around.format(number)).replace("--c", "")


@pytest.mark.parametrize(
    "kept", ["t1", "a.b2", "$12", ":3", "?4", "@p5", "p_6", '"7"', "`8`", "/* 9 */", "-- 10", "x$11"]
)
def test_names_placeholders_and_comments_stay(kept):
    """They are no values."""
    assert without_literals(f"SELECT {kept}") == f"SELECT {kept}"


@pytest.mark.parametrize("text", ["SELECT 'never ends", "SELECT $a$ never ends", "SELECT 'a' 'never"])
def test_a_string_that_never_ends_is_gone_to_the_end(text):
    """A statement that was cut."""
    assert "never" not in without_literals(text)


@pytest.mark.parametrize("system", ["postgresql", "mysql"])
@pytest.mark.parametrize("piece", ["'", '"', "$$", "$a$", "$a", "/*", "--", "e'", "1e", "1.", "\\'", "`", "#"])
def test_a_long_statement_is_looked_through_once(system, piece):
    """Thirty thousand of whatever begins something: no time beyond the test's own."""
    without_literals(piece * 30_000, system)
