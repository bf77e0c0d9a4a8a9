"""Comments of a YAML text: which there are, and where."""

from __future__ import annotations

import pytest

from fournines.slo.openslo.comments import Comment, comments_in


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ("\n# a\n", [Comment(1, 0, "# a", alone=True)]),
        ("# a\na:\n  # b\n  - '# no'  # c  \n", [
            Comment(0, 0, "# a", alone=True), Comment(2, 2, "# b", alone=True), Comment(3, 12, "# c", alone=False),
        ]),
        ("a: |  # a\n  # no\n# b\n", [Comment(0, 6, "# a", alone=False), Comment(2, 0, "# b", alone=True)]),
        ("| # a\n  # no\n", [Comment(0, 2, "# a", alone=False)]),
        ("a: b#no\nc: '|  # no'\n", []),
    ],
)  # fmt: skip
def test_every_comment_has_its_place(text, comments):
    """Each is found once, where it stands; what stands in a text is none."""
    assert comments == list(comments_in(text))
