"""Forms are taken from our own pages only: no other site can have a browser answer an alert for who is looking at it."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ...answers import PROBLEM_JSON
from ..contract.problems import problem

COOKIE: Final = "fournines_form"
NOT_OURS: Final = "this collector is not known by the name in the address; the setting `url` says what it is called"
ANOTHER_SITE: Final = "it was sent from another site; behind a proxy the setting `url` says what this one is called"
_BYTES: Final = 32
_BELOW: Final = "/api/"


@dataclass(frozen=True, slots=True)
class FormGuard:
    """Four proofs, all of which have to hold: the cookie that only same-site requests carry, its token in the form, the origin, and that
    the address in the browser is ours. Without the last, a stranger's name that is made to lead here would be the origin of its own page.

    Tokens hold until the collector starts anew. `public_host` is what people call it where a proxy calls it otherwise.
    """

    public_host: str = ""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(_BYTES), repr=False)

    def token(self, cookie: str) -> str:
        """What the form of whoever has that cookie holds."""
        return hmac.new(self.secret, cookie.encode(), sha256).hexdigest()

    def refusal(self, headers: Mapping[str, str], cookie: str | None, token: str) -> str:
        """Why a form is not taken; empty where it is. `headers` by their names in small letters."""
        if not self._is_ours(headers.get("host", "")):
            return NOT_OURS
        if strange := self.strange(headers):
            return strange
        if not cookie or not hmac.compare_digest(self.token(cookie).encode(), token.encode()):
            return "it is too old, or not from this page: load the page anew and send it again"
        return ""

    def strange(self, headers: Mapping[str, str]) -> str:
        """Why a browser sends something that changes what the collector knows for a page that is not ours; empty where it does not.

        A browser says of which page it is (`Origin`, `Sec-Fetch-Site`); who says neither is a program, and passes.
        """
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and _host(origin) not in self._hosts(headers) - {""}:
            return ANOTHER_SITE
        if site is not None and site != "same-origin":
            return ANOTHER_SITE
        if (origin, site) != (None, None) and not self._is_ours(headers.get("host", "")):
            return NOT_OURS
        return ""

    def _is_ours(self, host: str) -> bool:
        """Whether nobody else can have a name lead here: it is what we are called, an address, or a name that no stranger can have."""
        name = _name(host)
        known = name == "localhost" or name.endswith(".localhost") or ("." not in name and name != "")
        return host == self.public_host or known or _is_address(name)

    def _hosts(self, headers: Mapping[str, str]) -> set[str]:
        """What we are called, by who asks and by who runs us."""
        return {headers.get("host", ""), self.public_host}


_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Guarded:
    """An application that browsers change nothing of for a stranger's page: it is refused with 403, in problem details."""

    app: ASGIApp
    guard: FormGuard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and scope["path"].startswith(_BELOW):
            strange = self.guard.strange(Headers(scope=scope))
            if strange:
                said = problem(HTTPStatus.FORBIDDEN, strange)
                await Response(json.dumps(said), said["status"], media_type=PROBLEM_JSON)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _host(origin: str) -> str:
    """Whose an origin is; nobody's where it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name(host: str) -> str:
    """A host without its port; empty where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def new_cookie() -> str:
    """A cookie that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)
