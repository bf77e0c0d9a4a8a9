"""What is read from a request's headers, in one pass over the raw bytes: only the few that are wanted are decoded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

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


class Wanted:
    """The header names to pick: host, user agent and those the propagators read."""

    def __init__(self, propagated: Iterable[str]) -> None:
        # X-Ray, trace context and baggage are read also under names their own `fields` may leave out.
        self._propagated = {name.lower().encode("latin-1"): name.lower() for name in propagated}

    def pick(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str, dict[str, str]]:
        """(host, user agent, carrier). A header sent twice is joined by a comma, as RFC 9110 section 5.3 says."""
        host = agent = ""
        carrier: dict[str, str] = {}
        propagated = self._propagated
        for name, value in headers:
            if name == b"host":
                host = value.decode("latin-1")
            elif name == b"user-agent":
                agent = value.decode("latin-1")
            elif name in propagated:
                key = propagated[name]
                text = value.decode("latin-1")
                carrier[key] = f"{carrier[key]},{text}" if key in carrier else text
        return host, agent, carrier


def redacted(query: str) -> str:
    """The query string with the values of secret keys replaced by REDACTED."""
    return _SECRET.sub(r"\1\2=REDACTED", query)


def server(host: str, scope: Mapping[str, Any]) -> tuple[str, int | None]:
    """Address and port the client asked for: from the Host header, else where the server listens."""
    if not host:
        address, port = scope.get("server") or ("", None)
        return str(address or ""), port
    name, _, digits = host.rpartition(":")
    if name and digits.isascii() and digits.isdigit() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(digits[:6])
    return host.strip("[]"), None
