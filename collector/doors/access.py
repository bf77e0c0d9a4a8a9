"""Who may send.

The seam that authentication stands on: a receiver asks `Access.allows` once a request, before its body is read.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple


class Peer(NamedTuple):
    """The other end of a connection: its address, and the names its certificate was issued to (none without mutual TLS)."""

    address: str = ""
    names: tuple[str, ...] = ()


def peer_of(transport: Any) -> Peer:
    """The other end of an asyncio transport."""
    address = transport.get_extra_info("peername")
    certificate = transport.get_extra_info("peercert") or {}
    subject = (value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName")
    alternatives = (value for _, value in certificate.get("subjectAltName", ()))
    return Peer(str(address[0]) if address else "", (*subject, *alternatives))


class Access:
    """Bearer tokens that may send; without any, whoever reaches the port may. Tokens are kept as digests and compared in constant time."""

    def __init__(self, tokens: Sequence[str] = ()) -> None:
        self._digests = tuple(sha256(token.encode()).digest() for token in tokens)

    def allows(self, authorization: str, peer: Peer) -> bool:
        """Whether a request may come in, by its `Authorization` header and by whom the connection is with."""
        if not self._digests:
            return True
        scheme, _, token = authorization.partition(" ")
        given = sha256(token.strip().encode("latin-1", "replace")).digest()
        # Every token is compared, so that the time tells nothing of which one came close.
        known = [hmac.compare_digest(given, digest) for digest in self._digests]
        return scheme.lower() == "bearer" and any(known)

    def __repr__(self) -> str:
        return f"Access({len(self._digests)} tokens)"
