"""What a kernel says instead of raising, and what is told the sender then."""

from __future__ import annotations

from typing import Final

from ..errors import BadRequest

MALFORMED: Final = -1
"""The bytes are no message of this kind."""

FULL: Final = -2
"""A table has no room: nothing the sender did, and nothing the sender is told."""

BAD_ID: Final = -3
TOO_MANY_ITEMS: Final = -4
TOO_MANY_RESOURCES: Final = -5
TOO_MANY_BUCKETS: Final = -6

TOO_MANY_SETS: Final = -7

MOST_ITEMS: Final = 1_000_000
"""Spans, points or log records that one request may hold: 64 MiB of spans with ids and times are fewer, so it stops nobody honest."""

MOST_RESOURCES: Final = 65_536
"""Different resources, and different scopes, that one request may hold."""

MOST_BUCKETS: Final = 16_000_000
"""Buckets of histograms that one request may hold."""

MOST_SETS: Final = 2**18
MOST_VALUES: Final = 2**20
"""Different sets of wanted attributes, and different values in them, that one request may hold: each is an object in the end."""

_WORDS: Final = {
    MALFORMED: "the body can't be read as an OTLP {request}",
    BAD_ID: "a trace id has 16 bytes and a span id 8; the body holds other ones",
    TOO_MANY_ITEMS: f"more than {MOST_ITEMS:,} items in one {{request}}",
    TOO_MANY_RESOURCES: f"more than {MOST_RESOURCES:,} different resources or scopes in one {{request}}",
    TOO_MANY_SETS: f"more than {MOST_SETS:,} different sets of attributes that SLOs ask for in one {{request}}",
    TOO_MANY_BUCKETS: f"more than {MOST_BUCKETS:,} buckets in one {{request}}",
}


def check(status: int, request: str) -> None:
    """Raises BadRequest in words where a kernel's status is a fault (less than 0)."""
    if status < 0:
        raise BadRequest(_WORDS[status].format(request=request))
