"""Secrets in text and under keys: passwords, tokens, authorization headers, cookies, keys of clouds, signatures in URLs.

What is a secret's key and what a secret looks like are lists here, and errors of such lists fall on the safe side: a text that only
looks like a secret is taken out. Keys of queries are those of the semantic conventions for `url.query`, and the usual ones.
"""

from __future__ import annotations

import re
from typing import Final

from .cards import REDACTED

WORDS: Final = (
    b"passw", b"passphrase", b"passcode", b"pwd", b"secret", b"token", b"authorization", b"cookie", b"apikey", b"accesskey", b"privatekey",
    b"credential", b"signature", b"sig=", b"cvv", b"cvc", b"akia", b"asia", b"bearer", b"basic", b"eyj",
)  # fmt: skip
"""One of these is in everything that is taken out here, in lower case and without spaces, dashes, dots and underscores."""

USERINFO: Final = re.compile(rb"://[^/?#\s@]{0,512}@")

_ENDS: Final = (
    r"passphrase|passcode|pwd|secrets?|token|api[_.\-]?key|(?:access|secret|private)[_.\-]?key(?:[_.\-]?id)?|credentials?"
    r"|authorization|cookies?|cvv2?|cvc2?"
)
_KEY: Final = re.compile(rf"passw(?:or)?d|(?:{_ENDS})$", re.IGNORECASE)
_LINES: Final = re.compile(
    r"((?:authorization|cookie)\\?[\"']?\s{0,3}[=:]\s{0,3})(\\?[\"']?)[^\r\n\"'\\]+", re.IGNORECASE
)
_PAIRS: Final = re.compile(
    rf"((?:passw(?:or)?d[\w.\-]{{0,20}}|{_ENDS})\\?[\"']?\s{{0,3}}[=:]\s{{0,3}})(\\?[\"']?)(?:(?<=[\"'])[^\"'\\]*|[^\s&;,\"'}})\]\\]+)",
    re.IGNORECASE,
)
_QUERY: Final = re.compile(
    r"((?:^|[?&;])(?:x-amz-(?:signature|credential|security-token)|awsaccesskeyid|x-goog-signature|signature|sig)=)[^&#\s]*",
    re.IGNORECASE,
)
_SCHEMES: Final = re.compile(
    r"(?<![A-Za-z0-9])(bearer|basic)\s+(?=[^\s,;]{20}|[^\s,;]*[0-9._=+/])[^\s,;\"']{6,}", re.IGNORECASE
)
_LOOKS: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)"
    r"|(?<![\w\-])eyJ[\w\-]{5,}\.[\w\-]{5,}(?:\.[\w\-]*)*"
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    re.DOTALL,
)
_USERS: Final = re.compile(r"://[^/?#\s@:]*+(:)?[^/?#\s]*@")


def is_secret(key: str) -> bool:
    """Whether what stands under a key is a secret, whatever it looks like."""
    return _KEY.search(key) is not None


def without_secrets(text: str) -> str:
    """The text with REDACTED in the place of each secret; what a secret belongs to can still be read."""
    text = _LOOKS.sub(REDACTED, text)
    if "://" in text:
        text = _USERS.sub(lambda found: f"://{REDACTED}{f':{REDACTED}' if found[1] else ''}@", text)
    text = _LINES.sub(rf"\1\2{REDACTED}", text)
    text = _PAIRS.sub(rf"\1\2{REDACTED}", text)
    text = _QUERY.sub(rf"\1{REDACTED}", text)
    return _SCHEMES.sub(rf"\1 {REDACTED}", text)
