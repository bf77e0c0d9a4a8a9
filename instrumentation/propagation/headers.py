"""What is read from a request's headers, in one pass over the raw bytes: only the few that are wanted are decoded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

REDACTED_KEYS: Final = (
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Goog-Signature",
)
"""Query keys whose values are secrets by the conventions for `url.query` and `url.full`; case counts."""

_SECRET = re.compile(f"(^|&)({'|'.join(map(re.escape, REDACTED_KEYS))})=[^&]*")


def carried(headers: Iterable[tuple[bytes, bytes]], wanted: Mapping[bytes, str]) -> dict[str, str]:
    """Of the headers those that carry a trace: `wanted` has their names in bytes and as text.

    A header sent twice is joined by a comma, as RFC 9110 section 5.3 says.
    """
    carrier: dict[str, str] = {}
    for name, value in headers:
        if name in wanted:
            key, text = wanted[name], value.decode("latin-1")
            carrier[key] = f"{carrier[key]},{text}" if key in carrier else text
    return carrier


def by_bytes(propagated: Iterable[str]) -> dict[bytes, str]:
    """Header names as servers give them, and as propagators ask for them."""
    return {name.lower().encode("latin-1"): name.lower() for name in propagated}


def redacted(query: str) -> str:
    """The query string with the values of secret keys replaced by REDACTED."""
    return _SECRET.sub(r"\1\2=REDACTED", query)


def server(host: str, listening: tuple[str, int | None] | None) -> tuple[str, int | None]:
    """Address and port the client asked for: from the Host header, else where the server listens."""
    if not host:
        address, port = listening or ("", None)
        return str(address or ""), port
    name, _, digits = host.rpartition(":")
    if name and digits.isascii() and digits.isdigit() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(digits[:6])
    return host.strip("[]"), None
