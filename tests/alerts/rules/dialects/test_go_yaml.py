"""YAML as go-yaml 2.4 writes it: every expectation is what it wrote of that text, by itself and by Kubernetes' package around it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts.rules.dialects.go_text import in_order
from fournines.alerts.rules.dialects.go_yaml import yaml_text

WORDS = "word " * 18 + "end"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""\n'),
        ("y", '"y"\n'),
        ("No", '"No"\n'),
        ("on", '"on"\n'),
        ("true", '"true"\n'),
        ("~", '"~"\n'),
        ("null", '"null"\n'),
        ("1", '"1"\n'),
        ("1_000", '"1_000"\n'),
        ("_1", "_1\n"),
        ("08", '"08"\n'),
        ("0X1f", '"0X1f"\n'),
        ("0o17", '"0o17"\n'),
        ("-0b1", '"-0b1"\n'),
        ("1.5", '"1.5"\n'),
        ("-.5", '"-.5"\n'),
        ("1e3", '"1e3"\n'),
        ("1.e3", '"1.e3"\n'),
        ("1e", "1e\n"),
        (".inf", '".inf"\n'),
        (".nan", '".nan"\n'),
        ("NaN", "NaN\n"),
        ("2024-01-01", '"2024-01-01"\n'),
        ("2024-01-01T10:00:00Z", '"2024-01-01T10:00:00Z"\n'),
        ("12:30", '"12:30"\n'),
        ("12:70", "12:70\n"),
        ("=", "=\n"),
        ("<<", "<<\n"),
        ("-", "'-'\n"),
        ("- a", "'- a'\n"),
        ("a: b", "'a: b'\n"),
        ("a:", "'a:'\n"),
        ("a #b", "'a #b'\n"),
        ("@a", "'@a'\n"),
        ("`a", "'`a'\n"),
        ("%a", "'%a'\n"),
        ("{a", "'{a'\n"),
        ("a'b", "a'b\n"),
        ("'a", "'''a'\n"),
        ('"a', "'\"a'\n"),
        ("é", "é\n"),
        ("😀 a", '"\\U0001F600 a"\n'),
        (" a", "' a'\n"),
        ("a\tb", '"a\\tb"\n'),
        ("a\n", "|\n  a\n"),
        ("a\n\n", "|+\n  a\n\n"),
        ("\n", "|2+\n\n"),
        ("a\nb", "|-\n  a\n  b\n"),
        ("a \nb", '"a \\nb"\n'),
        (" a\nb", "|2-\n   a\n  b\n"),
        ("5..", "5..\n"),
        ("/api.*", "/api.*\n"),
        ("2m0s", "2m0s\n"),
        ("4w", "4w\n"),
        (WORDS, "word word word word word word word word word word word word word word word word\n  word word end\n"),
        (
            "\t" + WORDS,
            '"\\tword word word word word word word word word word word word word word word word\n  word word end"\n',
        ),
        (
            "'" + WORDS,
            "'''word word word word word word word word word word word word word word word word\n  word word end'\n",
        ),
    ],
)
def test_a_text_is_written_as_go_does(text, written):
    """Quoted where it would be read as something else, folded at a space behind column 80, a block where it has lines."""
    assert f"k: {written}" == yaml_text({"k": text})


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029\ufeff", exclude_categories=("Cs", "Cc")))
)
@settings(max_examples=50)
def test_what_is_written_is_read_as_the_same(text):
    """Whatever it is made of."""
    assert {"k": text, "z": "z"} == yaml.safe_load(yaml_text({"k": text, "z": "z"}))


@pytest.mark.parametrize(
    "names",
    [
        ["1", "A", "Ab", "a.b", "a/b", "a_b", "a1", "severity"],
        ["_x", "a-b", "a.b", "app.kubernetes.io/component", "x1z", "é"],
        ["b1", "b9", "b10"],
        ["x1y", "x1z", "x01y"],
        ["a10", "a100", "a101", "a110"],
    ],
)
def test_names_are_ordered_as_go_does(names):
    """Numbers by what they count, letters behind signs."""
    assert names == list(in_order(dict.fromkeys(reversed(names), "v")))
