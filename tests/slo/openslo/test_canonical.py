"""Canonical form: one order, one style, every comment where it belongs."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.slo.openslo.canonical import canonical, canonical_files
from fournines.slo.openslo.comments import comments_in
from fournines.slo.openslo.layout import Unwritable
from fournines.slo.openslo.yaml_reader import read_text

MESSY = """\
# Licence: ours

# Payments
kind: SLO   # what it is
apiVersion: openslo/v1
spec:
  # the service
  service: payments
  objectives:
    # first
    - {target: 0.9999, displayName: strict}   # four nines

    - target: 0.99
      # named later
      displayName: "loose"
  # how
  budgetingMethod: Occurrences
  indicator:
    spec: {ratioMetric: {total: &t {metricSource: {spec: {signal: spans,
        where: [a == b]}, type: fournines}}, counter: true}}
    metadata: {name: x}
    # after the indicator

metadata:
    name: pay
    annotations:
      fournines/corrections: |  # why
          - {start: 2026-01-10 01:00:00, duration: 1h,
             reason: x, author: y}

      fournines/owner: >-
        team
        a
# the end
---
# next
apiVersion: openslo/v1
kind: Service
metadata: {name: p}
spec: {}
"""

TIDY = """\
# Licence: ours

# Payments
apiVersion: openslo/v1
kind: SLO  # what it is

metadata:
  name: pay
  annotations:
    fournines/corrections: |  # why
      - {start: 2026-01-10 01:00:00, duration: 1h,
         reason: x, author: y}

    fournines/owner: >-
      team
      a
spec:
  # the service
  service: payments
  indicator:
    metadata:
      name: x
    # after the indicator
    spec:
      ratioMetric:
        counter: true
        total: &t
          metricSource:
            type: fournines
            spec:
              signal: spans
              where:
                - a == b
  # how
  budgetingMethod: Occurrences
  objectives:
    # first
    - displayName: strict
      target: 0.9999  # four nines

    # named later
    - displayName: "loose"
      target: 0.99
# the end
---
# next
apiVersion: openslo/v1
kind: Service
metadata:
  name: p
spec: {}
"""


LISTED = """\
- 'spec': {}
  "metadata": {'annotations': {}, "name": x}
  'kind': SLO
  'apiVersion': openslo/v1
- {spec: {spec: {}, type: y}, metadata: {name: y}, kind: DataSource, apiVersion: openslo/v1}
"""

LISTED_TIDY = """\
- 'apiVersion': openslo/v1
  'kind': SLO
  "metadata":
    "name": x
    'annotations': {}
  'spec': {}
- apiVersion: openslo/v1
  kind: DataSource
  metadata:
    name: y
  spec:
    type: y
    spec: {}
"""


def test_order():
    """Keys stand as the specification lists them, every entry has its lines, and comments stay with what they speak of."""
    assert TIDY == canonical(MESSY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b: 1\na: 2\n", "b: 1\na: 2\n"),
        ("a: [1, [2, {b: 3}], {}, []]\n", "a:\n  - 1\n  -\n    - 2\n    - b: 3\n  - {}\n  - []\n"),
        ("a: &x {b: 1}\nc: *x\nd: {<<: *x}\n", "a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n"),
        ("- &x {a: 1}\n- *x\n", "- &x\n  a: 1\n- *x\n"),
        ("a: &x 5\nb: &y 'z'\n", "a: &x 5\nb: &y 'z'\n"),
        ("a: long\n  text\nb: 'it''s\n  so'\n", 'a: "long text"\nb: "it\'s so"\n'),
        ("'a': ~\nb:\n", "'a': ~\nb:\n"),
        ("a: 1\n\n\n\nb: 2\n", "a: 1\n\nb: 2\n"),
        ("a: 1 # one\n# two\n", "a: 1  # one\n# two\n"),
        ("a:\n  b: 1\n  # c: 2\nd: 1\n", "a:\n  b: 1\n  # c: 2\nd: 1\n"),
        ("a:  # of a\n  - b  # of b\n  # of c\n  - c\n", "a:  # of a\n  - b  # of b\n  # of c\n  - c\n"),
        ("a: [1, # one\n  2] # two\n", "a:  # one\n  - 1\n  - 2  # two\n"),
        ("# a\n\n# b\na: '#no'\n", "# a\n\n# b\na: '#no'\n"),
        ("---\n# only\n---\na: 1\n...\n", "# only\na: 1\n"),
        ("a: |\n\n    b\n      c\n\n\nd: 1\n", "a: |\n\n  b\n    c\n\nd: 1\n"),
        ("text\n", "text\n"),
        ("- # odd\n  a: 1\n", "# odd\n- a: 1\n"),
        ("- { # odd\n    a: 1}\n- [ # of all\n    1, # of 1\n    ]\n", "# odd\n- a: 1\n# of all\n-\n  - 1  # of 1\n"),
        ("- [ # of all\n    [ # of some\n    1]]\n", "# of all\n# of some\n-\n  -\n    - 1\n"),
        ("- &x # of all\n  # of a\n  a: 1\n", "- &x  # of all\n  # of a\n  a: 1\n"),
        ("# All of it\n# is a comment.\n", "# All of it\n# is a comment.\n"),
        ("- a:  # of a\n    b: 1\n", "- a:  # of a\n    b: 1\n"),
        ("# a\n\na: 1\n", "# a\n\na: 1\n"),
        ("# a\n# b\na: 1\n", "# a\n# b\na: 1\n"),
        ("# a\ntext\n", "# a\ntext\n"),
        ("a: 1\n\n# of b\nb: 2\n", "a: 1\n\n# of b\nb: 2\n"),
        ("- a: 1\n  # of b\n  b: 2\n", "- a: 1\n  # of b\n  b: 2\n"),
        ("a:\n  # of b\n\n  # too\n  b: 1\n", "a:\n  # of b\n\n  # too\n  b: 1\n"),
        ("a:\n  b: 1\n  # of a\n\n  # too\nc: 1\n", "a:\n  b: 1\n  # of a\n\n  # too\nc: 1\n"),
        ("a:\n  - b: 1\n  # of a\nc: 1\n", "a:\n  - b: 1\n  # of a\nc: 1\n"),
        ("a:\n  b: 1\n  # of a\n", "a:\n  b: 1\n  # of a\n"),
        ("\n\na: 1\n", "a: 1\n"),
        ("a:\n\n  b: 1\n", "a:\n  b: 1\n"),
        ("a: ä\n  b\n", "a: \"ä b\"\n"),
        ("b: &y   'z'\n", "b: &y 'z'\n"),
        ("a: [1,\n 2 # of 2\n]\n", "a:\n  - 1\n  - 2  # of 2\n"),
        ("a: [1, 2, 3\n  ] # of a\n", "a:\n  - 1\n  - 2\n  - 3\n  # of a\n"),
        ("a:\n  b: 1\n    # of b\nc: 1\n", "a:\n  b: 1\n  # of b\nc: 1\n"),
        ("a:\n   # of b\n  b: 1\n", "a:\n  # of b\n  b: 1\n"),
        ("a:\n b: 1\n # of a\n", "a:\n  b: 1\n  # of a\n"),
        ("{  a: 1,\n # of b\nb: 2}\n", "a: 1\n# of b\nb: 2\n"),
        ("{  a: 1}\n # of all\n", "a: 1\n# of all\n"),
        ("a: &x\n  - b: 1\n  # of a\nc: 1\n", "a: &x\n  - b: 1\n  # of a\nc: 1\n"),
        ("- &x\n  -   - 1\n  # of x\n  - 2\n# of all\n- [3]\n", "- &x\n  -\n    - 1\n  # of x\n  - 2\n# of all\n-\n  - 3\n"),
        ("# a\na: 1\n--- # b\nb: 1\n# of b\n---\nc: 1 # c\n", "# a\na: 1\n---\n# b\nb: 1\n# of b\n---\nc: 1  # c\n"),
    ],
)  # fmt: skip
def test_style(text, expected):
    """Block style with two spaces a level; texts, quotes, anchors, comments and single blank lines stay."""
    assert expected == canonical(text)
    assert expected == canonical(expected)


@pytest.mark.parametrize(
    "text",
    [
        "%YAML 1.2\n---\na: 1\n",
        "a: !x 1\n",
        "? |\n  a\n: 1\n",
        "&x a: 1\n",
        "%TAG ! tag:x,2026:\n---\na: 1\n",
        "? [a]\n: 1\n",
        "!!str a: 1\n",
        "a: |2\n   b\n",
        "| # lost\n  a\n",
        "[ # lost\n]\n",
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: &n x, annotations: {a: *n}, displayName: &n y}\n",
        "a: |+\n  b\n\n",
        "metadata: {name: &n x}\napiVersion: openslo/v1\nkind: SLO\nspec: *n\n"
        .replace("metadata", "spec", 1).replace("\nspec: *n", "\nmetadata: {labels: {a: *n}}"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_again(text):
    """Whatever would mean something else afterwards is left as it is."""
    with pytest.raises(Unwritable):
        canonical(text)


def test_order_in_a_list():
    """Objects in a list have their keys in order too, each those of its kind, in whatever quotes they are written."""
    assert canonical(LISTED) == LISTED_TIDY


@pytest.mark.parametrize("key", ["theirs", '"[key]"', "'<0>'", "labels"])
def test_what_nobody_knows_is_left_in_its_order(key):
    """At whatever depth it stands, and whatever it is called."""
    text = f"apiVersion: openslo/v1\nkind: SLO\n{key}:\n  z:\n    y:\n      x: 1\n      a: 1\n    b: 1\n  c: 1\n"

    assert canonical(text) == text


def test_files(tmp_path):
    """Of a folder those are given that would change, and what is wrong with others."""
    for name, text in {
        "a.yaml": "a: [1]\n",
        "b.yaml": "a: 1\n",
        "c.yaml": "a: !x 1\n",
        "d.yaml": "a: |+\n  b\n",
        "e.yaml": "a:  1\n",
    }.items():
        (tmp_path / name).write_text(text)
    texts, faults = canonical_files([tmp_path])

    assert {tmp_path / "a.yaml": "a:\n  - 1\n", tmp_path / "e.yaml": "a: 1\n"} == texts
    assert ["c.yaml", "d.yaml"] == [fault.file.rpartition("/")[2] for fault in faults]
    assert str(faults[1]).startswith(f"{tmp_path / 'd.yaml'}: is left as it is: it holds a block of text")


SCALARS = st.sampled_from(
    ["x", "", "a b", "it's", '"', "# no", "a: b", "1", "no", "- a", "ä", "{", "null", "a\nb", "\n a\n"]
)
VALUES = st.recursive(
    SCALARS | st.integers(0, 9) | st.none() | st.booleans(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(SCALARS, below, max_size=3),
    max_leaves=12,
)


@example({"x": ["a\nb", ["x"]]}, True, 20)
@given(
    st.dictionaries(SCALARS, VALUES, min_size=1, max_size=4), st.sampled_from([None, True, False]), st.integers(20, 80)
)
def test_any_value_stays_what_it_is(value, flow, width):
    """However it was written, it is the same value in canonical form, which is its own; or it is refused."""
    text = yaml.safe_dump(value, default_flow_style=flow, width=width, allow_unicode=True)
    try:
        found = canonical(text)
    except Unwritable:
        return

    assert (
        read_text(text, "").documents == ()
        or read_text(found, "").documents[0].data == read_text(text, "").documents[0].data
    )
    assert canonical(found) == found


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, len(TIDY.splitlines())), st.integers(0, 6)), max_size=6))
def test_any_comment_stays(comments):
    """Comments put anywhere into a file are all there in canonical form."""
    rows = TIDY.splitlines()
    for line, indent in comments:
        rows.insert(line, " " * indent + f"# {line}")
    text = "\n".join(rows) + "\n"
    try:
        found = canonical(text)
    except Unwritable:
        return

    said = [Counter(comment.text for comment in comments_in(each)) for each in (text, found)]
    assert said[0] == said[1]
    assert canonical(found) == found
