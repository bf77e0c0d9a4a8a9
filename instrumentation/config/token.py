"""Who may read the metrics page: whoever shows the token, where one was given."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

SCHEME: Final = b"bearer"
CHALLENGE: Final = b'Bearer realm="metrics"'
"""What a 401 asks for: https://www.rfc-editor.org/rfc/rfc6750#section-3"""


class Token:
    """A bearer token that can be compared and never shown: only its digest is kept."""

    __slots__ = ("_digest",)

    def __init__(self, text: str) -> None:
        self._digest = sha256(text.encode("utf-8", "surrogateescape")).digest()

    def admits(self, authorization: bytes) -> bool:
        """Whether the `Authorization` header's value carries it; takes as long for a near miss as for any other."""
        scheme, _, given = authorization.strip().partition(b" ")
        same = hmac.compare_digest(sha256(given.strip()).digest(), self._digest)
        return scheme.lower() == SCHEME and same

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and hmac.compare_digest(self._digest, other._digest)

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        return "Token(***)"
