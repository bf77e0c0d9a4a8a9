"""Where reading ends: sizes, depths, aliases, and the lines that mistakes are said to be in."""

from __future__ import annotations

import pytest
import yaml

from fournines.slo.openslo import yaml_reader
from fournines.slo.openslo.yaml_reader import MAX_BYTES, MAX_DEPTH, read_file, read_text


def said(text):
    """The faults of a text."""
    return [str(fault) for fault in read_text(text, "slos.yaml").faults]


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_written_in_three_ways(value):
    """As YAML 1.2's core schema has them, and no other."""
    words = str(value), str(value).lower(), str(value).upper()
    (document,) = read_text(f"[{', '.join(words)}, {str(value).swapcase()}]", "").documents

    assert document.data == [value, value, value, str(value).swapcase()]


def test_a_file_may_be_as_long_as_it_says(tmp_path):
    """A byte more is too much, and is not read."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1".ljust(MAX_BYTES))
    assert read_file(path).documents[0].data == {"a": 1}

    path.write_bytes(b"a: 1".ljust(MAX_BYTES + 1))
    assert "is larger than 1,000,000 bytes" in str(read_file(path).faults[0])


@pytest.mark.parametrize("content", [b"\n\xff", b"x" * (MAX_BYTES + 1), None], ids=["latin", "long", "missing"])
def test_what_can_not_be_read_may_have_held_anything(tmp_path, content):
    """Nobody says of what refers to it that it is not there."""
    if content is not None:
        (tmp_path / "a.yaml").write_bytes(content)

    assert not read_file(tmp_path / "a.yaml").complete


@pytest.mark.parametrize(("before", "line"), [(b"", 1), (b"\n", 2), (b"a: 1\n", 2), (b"\n\n", 3)])
def test_the_line_of_what_is_no_text(tmp_path, before, line):
    """Counted from 1, to where the first such byte is."""
    (tmp_path / "a.yaml").write_bytes(before + b"b: \xe9\n\n")

    assert str(read_file(tmp_path / "a.yaml").faults[0]) == f"{tmp_path / 'a.yaml'}:{line}: is no UTF-8 text"


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("b: \x01\n\n", "1:4"),
        ("\nb: \x01\n\n", "2:4"),
        ("a: 1\n\n\x01\n\n", "3:1"),
        ("\x01", "1:1"),
        ("# ääää\nb: ä\x01\n\n\n\n\n\n", "2:5"),
    ],
)
def test_the_place_of_a_character_that_no_file_may_hold(monkeypatch, loader, text, place):
    """It is said with what it is; what stands before it may be of any alphabet."""
    monkeypatch.setattr(yaml_reader, "_LOADER", loader)

    (fault,) = said(text)
    assert fault.startswith(f"slos.yaml:{place}: no valid YAML: ")
    assert fault.endswith(" characters are not allowed")


def test_a_mistake_behind_the_last_line():
    """What is open at the end has been opened somewhere; there is no line to look for tabs in."""
    assert said("a: [1,\n") == ["slos.yaml:2:1: no valid YAML: did not find expected node content"]


def nested(depth):
    """A text that nests so deep."""
    return "a: {b: " + "[" * (depth - 2) + "1" + "]" * (depth - 2) + "}\n"


def test_how_deep_a_file_may_nest():
    """What is deeper is said to be where it begins."""
    assert said(nested(MAX_DEPTH)) == []
    assert said(nested(MAX_DEPTH + 1)) == [f"slos.yaml:1:{MAX_DEPTH + 7}: a.b[0]: nests deeper than {MAX_DEPTH} levels"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x", 1),
        ("a: 1\nb: [2, 3]\n", 5),
        ("a: &a [1]\nb: &b [*a, *a]\nc: *b\n", 13),
        ("a: &a {b: 1}\nc: {<<: *a}\n", 6),
        ("a: 1\n---\nb: 2\n", 4),
    ],
)
def test_what_a_file_means_is_counted_with_its_aliases(monkeypatch, text, values):
    """Each for as much as it stands for, over all documents; one value too many ends the reading."""
    monkeypatch.setattr(yaml_reader, "MAX_VALUES", values)
    assert said(text) == []

    monkeypatch.setattr(yaml_reader, "MAX_VALUES", values - 1)
    assert len(said(text)) == 1
    assert f"means more than {values - 1} values once its aliases are followed" in said(text)[0]


def test_only_mappings_are_merged():
    """One item of a list that is none is a mistake, as all of them are."""
    for merged in ("[*a, 5]", "[5]", "5"):
        (fault,) = said(f"a: &a {{b: 1}}\nc: {{<<: {merged}}}\n")

        assert "merges keys, so it needs an alias of a mapping" in fault
