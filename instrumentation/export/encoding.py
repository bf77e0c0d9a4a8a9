"""Items of a batch as one body: what can't be told stays out of it, and what is in it is compressed once."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..config.target import Target

T = TypeVar("T")


def encoded(items: Sequence[T], encode: Callable[[Sequence[T]], bytes | None]) -> tuple[bytes, int]:
    """(body, how many items it tells of): one for which `encode` has no bytes must not take the others with it."""
    body = encode(items)
    if body is not None:
        return body, len(items)
    told = [item for item in items if encode([item]) is not None]
    return encode(told) or b"", len(told)


def packed(body: bytes, target: Target) -> bytes:
    """The body as it goes out, with no time stamp inside: a batch that is sent again has the same bytes on the wire as well."""
    if target.gzip and target.protocol != "grpc":  # which compresses by itself
        return gzip.compress(body, mtime=0)
    return body
