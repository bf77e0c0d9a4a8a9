"""What the collector asks by itself, and which answers are good ones."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from .address import ProbedUrl
from .headers import Headers
from .number import Seconds
from .section import Section


def _statuses(value: object) -> object:
    """Reads `200`, `200-299` or a list of them, as (low, high)."""
    found = []
    for one in value if isinstance(value, list | tuple) else [value]:
        match = re.fullmatch(r"([1-5]\d\d)(?:-([1-5]\d\d))?", str(one))
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise ValueError(f"{one!r} is no status; write 200 or 200-299")
        found.append((int(match[1]), int(match[2] or match[1])))
    return tuple(found)


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    return value


class Probed(Section):
    """One URL or port that is asked at an interval."""

    service: str = Field(min_length=1, max_length=200)
    url: ProbedUrl
    interval: Seconds = 10.0
    timeout: Seconds = 2.0
    method: str = Field(default="GET", pattern="^[A-Z]+$")
    expect: Annotated[tuple[tuple[int, int], ...], BeforeValidator(_statuses)] = ((200, 299),)
    contains: str = ""
    matches: Annotated[str, AfterValidator(_pattern)] = ""
    headers: Headers = Field(default_factory=dict)
    verify: bool = True
