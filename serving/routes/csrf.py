"""Forms are taken from our own pages only: no other site can have a browser answer an alert for who is looking at it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

COOKIE: Final = "fournines_form"
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class FormGuard:
    """Three proofs, all of which have to hold: the cookie that only same-site requests carry, its token in the form, and the origin.

    Tokens hold until the collector starts anew. `public_host` is what people call it where a proxy calls it otherwise.
    """

    public_host: str = ""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(_BYTES), repr=False)

    def token(self, cookie: str) -> str:
        """What the form of whoever has that cookie holds."""
        return hmac.new(self.secret, cookie.encode(), sha256).hexdigest()

    def refusal(self, headers: Mapping[str, str], cookie: str | None, token: str) -> str:
        """Why a form is not taken; empty where it is. `headers` by their names in small letters."""
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc not in {headers.get("host"), self.public_host} - {"", None}:
            return "it was sent from another site"
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return "it was sent from another site"
        if not cookie or not hmac.compare_digest(self.token(cookie).encode(), token.encode()):
            return "it is too old, or not from this page: load the page anew and send it again"
        return ""


def new_cookie() -> str:
    """A cookie that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)
