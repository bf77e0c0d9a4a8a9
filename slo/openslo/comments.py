"""The comments of a YAML text, which parsers leave out: where each stands, and whether something stands before it in its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import yaml

_COMMENT: Final = re.compile(r"#[^\n]*")
_HEADER: Final = re.compile(r"[|>][^\n#]*?\s(#[^\n]*)")


class Comment(NamedTuple):
    """One comment. `line` and `column` count from 0; `alone` says whether it has its line for itself."""

    line: int
    column: int
    text: str
    alone: bool


def comments_in(text: str) -> Iterator[Comment]:
    """Every comment, in order. Raises `yaml.YAMLError` for what is no YAML."""
    end = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        yield from _between(text, end, token.start_mark.index)
        end = max(end, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken):
            header = _HEADER.match(text, token.start_mark.index)
            if header:
                yield _comment(text, header.start(1), header[1])
    yield from _between(text, end, len(text))


def _between(text: str, start: int, end: int) -> Iterator[Comment]:
    """Between two tokens nothing stands but blanks and comments."""
    for match in _COMMENT.finditer(text, start, end):
        yield _comment(text, match.start(), match[0])


def _comment(text: str, at: int, comment: str) -> Comment:
    begin = text.rfind("\n", 0, at) + 1
    return Comment(text.count("\n", 0, at), at - begin, comment.rstrip(), alone=not text[begin:at].strip())
