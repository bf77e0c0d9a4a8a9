"""The `spec` of a metric source of type `prometheus`: PromQL, asked of a Prometheus-compatible engine."""

from __future__ import annotations

import re
from typing import Annotated, Final

import promql_parser
from pydantic import Field

from ..errors import InvalidValue
from ..queries import Queries
from ..window import MINUTE
from .shape import TEXT, Shape, read_by

_TRIED: Final = 5 * MINUTE
"""The window put into a query to see whether it can be read."""

# The parser takes the square of the depth, and of more than it has room for it dies.
_LONGEST: Final = 10_000
_MOST_NESTED: Final = 300
_SIGNS: Final = re.compile(r"(?:[-+]\s*){30}")


def checked_query(text: str) -> str:
    """The query as it is written; `InvalidValue` where it is none."""
    if not text.strip():
        raise InvalidValue("is empty; write PromQL")
    if len(text) > _LONGEST or text.count("(") > _MOST_NESTED or _SIGNS.search(text):
        raise InvalidValue(f"is longer than {_LONGEST:,} characters, or nests too deep to be read in time")
    tried = Queries(raw=text.strip()).over(_TRIED).raw
    try:
        promql_parser.parse(tried)
    except ValueError as error:
        raise InvalidValue(f"is no PromQL: {' '.join(str(error).split())}") from None
    if "#" in tried and _ends_in_comment(tried):
        raise InvalidValue("ends in a comment, and stands within other queries: put it in a line before")
    return text


def _ends_in_comment(text: str) -> bool:
    try:
        promql_parser.parse(f"({text})")
    except ValueError:
        return True
    return False


class QuerySpec(Shape):
    """One query. Where it names the window, as `{{.window}}` or `$window`, the window asked for is put in."""

    query: Annotated[str, read_by(checked_query), TEXT] = Field(description="PromQL")
