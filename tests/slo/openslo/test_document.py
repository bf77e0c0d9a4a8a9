"""YAML with lines: what is read, what is refused, and where."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fournines.slo import Place
from fournines.slo.openslo.document import Document, spell
from fournines.slo.openslo.yaml_reader import MAX_BYTES, read_file, read_text


def read(text):
    """The one document of a text without faults."""
    reading = read_text(text, "slos.yaml")
    assert reading.faults == ()
    return reading.documents[0]


def refusals(text):
    """The faults of a text, as people see them."""
    return [str(fault) for fault in read_text(text, "slos.yaml").faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.9999", Decimal("0.9999")), ("99.990", Decimal("99.990")), ("1e-4", Decimal("0.0001")), (".5", Decimal("0.5")),
        ("5", 5), ("-5", -5), ("010", 10), ("true", True), ("False", False), ("~", None), ("", None),
        ("no", "no"), ("on", "on"), ("2026-01-01", "2026-01-01"), ("1_000", "1_000"), ("0x1F", "0x1F"), ("1:30", "1:30"),
        (".nan", ".nan"), (".inf", ".inf"), ("1e-999999999", "1e-999999999"), ("9" * 5_000, "9" * 5_000),
        ('"5"', "5"), ("'true'", "true"), ("!!str 5", "5"), ("! 5", "5"), ("|\n  a\n  b", "a\nb"),
    ],
)  # fmt: skip
def test_scalars(text, value):
    """Numbers are exact, and only what looks like one is one; everything else is a text."""
    found = read(f"key: {text}").data["key"]

    assert (found, type(found)) == (value, type(value))


def test_lines():
    """Every key and every item of a list knows its line; what is not there has the line of what is around it."""
    document = read("# comment\na:\n  b: 1\n  c:\n    - x\n    -\n      d: 2\n")

    assert [document.place_of(steps).line for steps in [(), ("a",), ("a", "b"), ("a", "c", 0), ("a", "c", 1, "d")]] == [
        2, 2, 3, 5, 7,
    ]  # fmt: skip
    assert document.place_of(("a", "c", 7, "z")).line == 4


def test_documents_of_a_file():
    """Documents are kept apart, their lines are the file's, and empty ones are left out."""
    reading = read_text("---\na: 1\n---\n---\n# nothing\n---\nb:\n  c: 2\n...\n", "slos.yaml")

    assert [document.data for document in reading.documents] == [{"a": 1}, {"b": {"c": 2}}]
    assert reading.documents[1].place_of(("b", "c")) == Place("slos.yaml", 8, 3)


def test_anchors_and_merges():
    """An alias means its anchor's value; `<<` merges keys, of which the mapping's own come first, then those of the first alias."""
    document = read("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 3\nw: {<<: *x}\nv: [*x]\n")

    assert document.data["z"] == {"a": 3, "b": 1, "c": 2}
    assert document.data["w"] == {"a": 1, "b": 1}
    assert document.data["v"] == [{"a": 1, "b": 1}]


def test_anchors_end_with_their_document():
    """An alias in the next document means nothing."""
    assert refusals("a: &x 1\n---\nb: *x\n") == ["slos.yaml:3:4: b: no anchor `&x` stands before this alias"]


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: {c: 2, c: 3}\n", "slos.yaml:2:11: b.c: stands here twice; first in line 2"),
        ("a: 1\nb: 2\na: 3\n", "slos.yaml:3:1: a: stands here twice; first in line 1"),
        ("a:\n\tb: 1\n", "indent with spaces, not tabs"),
        ("a: [1, 2\n", "no valid YAML"),
        ('a: "x\n', "no valid YAML"),
        ("a: 1\n b: 2\n", "slos.yaml:2:3: no valid YAML"),
        ("a:\n  b: 1\n c: 2\n", "; is this line, or the one before it, indented as its neighbours are?"),
        ("a: b: 1\n", "; is this line, or the one before it, indented as its neighbours are?"),
        ("a: \x01\n", "slos.yaml:1:4: no valid YAML"),
        (
            "a: !!python/object/apply:os.system [x]\n",
            "slos.yaml:1:4: a: the tag `tag:yaml.org,2002:python/object/apply:os.system`",
        ),
        ("a: !secret x\n", "the tag `!secret` is not read here"),
        ("? [a]\n: b\n", "slos.yaml:1:3: a key is a plain text"),
        ("a: &a [*a]\n", "slos.yaml:1:8: a[0]: the alias `*a` refers to itself"),
        ("a: *nowhere\n", "no anchor `&nowhere`"),
        ("a: {<<: 5}\n", "merges keys, so it needs an alias of a mapping"),
        (BOMB, "means more than 100,000 values"),
        ("a: " + "[" * 30_000, "nests deeper than 40 levels"),
        ("- " * 30_000, "nests deeper than 40 levels"),
        ("? " * 30_000, "a key is a plain text"),
        ("%YAML 9.9\n---\na: 1\n", "no valid YAML"),
    ],
)
def test_refusals(text, expected):
    """What could mislead, run or explode is refused with the line it stands in, at once and without being expanded."""
    (fault,) = refusals(text)

    assert expected in fault


def test_what_came_before_a_syntax_error_is_read():
    """Documents before the error are kept, and the reading says that it is not complete."""
    reading = read_text("a: 1\n---\nb: [\n", "slos.yaml")

    assert [document.data for document in reading.documents] == [{"a": 1}]
    assert reading.complete is False


def test_files_that_are_none(tmp_path):
    """A file that is too large, binary, missing or a folder is a fault, never an exception."""
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
    said = {
        name: str(read_file(tmp_path / name).faults[0]).removeprefix(f"{tmp_path}/")
        for name in ("large.yaml", "latin.yaml", "missing.yaml")
    }

    assert said == {
        "large.yaml": "large.yaml: is larger than 1,000,000 bytes; SLO files are small",
        "latin.yaml": "latin.yaml:2: is no UTF-8 text",
        "missing.yaml": "missing.yaml: can't be read: No such file or directory",
    }
    assert "can't be read" in str(read_file(tmp_path).faults[0])


def test_byte_order_mark(tmp_path):
    """A file that begins with a byte order mark is read as one that does not."""
    (tmp_path / "marked.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")

    assert read_file(tmp_path / "marked.yaml").documents[0].data == {"a": 1}


@pytest.mark.parametrize(
    ("steps", "text"),
    [((), ""), (("a",), "a"), (("a", 0, "b"), "a[0].b"), (("a", "x/y"), "a.x/y"), ((0, "a"), "[0].a")],
)
def test_spelling(steps, text):
    """Paths are written as people write them."""
    assert spell(steps) == text


def test_what_knows_no_places_stands_where_it_begins():
    """Of what was not read from YAML no place within is known, and no column."""
    assert Document("the environment", 3, {}, {}).place_of(("spec", "name")) == Place("the environment", 3, 0)


def test_nothing_in_a_list_is_no_object():
    """An empty item is left out, as an empty document is; the others keep their numbers."""
    objects = [*read("- a: 1\n-\n- b: 2\n").objects()]

    assert [(each.data, each.root) for each in objects] == [({"a": 1}, (0,)), ({"b": 2}, (2,))]
