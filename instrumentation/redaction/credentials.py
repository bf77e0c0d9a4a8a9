"""Secrets in texts and under keys: passwords, tokens, headers, cookies, keys of clouds, signatures in URLs.

What is a secret's key and what a secret looks like are lists, and errors of such lists fall on the safe side: a text that only looks
like a secret is taken out. Keys of queries are those of the semantic conventions for `url.query`, and the usual ones. Words are meant
in small and in large letters.

Each pattern is written so that it takes time in step with the text, whatever that holds: what may repeat without end never meets itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

REDACTED: Final = "REDACTED"
"""What stands in the place of what was taken out, as the semantic conventions for URLs say it."""

CARD: Final = "card"
CVV: Final = "cvv"
SECRET: Final = "secret"  # noqa: S105 - the name of a kind
PRIVATE_KEY: Final = "private_key"
JWT: Final = "jwt"
CLOUD_KEY: Final = "cloud_key"
URL_USER: Final = "url_user"
HEADER: Final = "header"
QUERY: Final = "query"
CREDENTIAL: Final = "credential"
OWN: Final = "own"
TOO_DEEP: Final = "too_deep"
"""Kinds of what is taken out, by which it is counted."""

_PASSWORDS: Final = r"passw(?:or)?d"
_ENDS: Final = (
    r"passphrase|passcode|pwd|secrets?|token|api[_.\-]?key|(?:access|secret|private)[_.\-]?key(?:[_.\-]?id)?|credentials?|authorization"
    r"|cookies?"
)
_CODES: Final = (
    r"cvv2?|cvc2?|(?<![A-Za-z0-9])(?:csc|cvn)|(?:security|verification)[_.\- ]?(?:code|value)"
    r"|(?<![A-Za-z0-9])pin(?:[_.\-]?(?:code|block))?"
)
_SIGN: Final = r"\\?[\"']?\s{0,3}[=:]\s{0,3}"
_VALUE: Final = r"(?:(?<=[\"'])[^\"'\\]*+|[^\s&;,\"'})\]\\]++)"
_QUERIES: Final = r"x-amz-(?:signature|credential|security-token)|awsaccesskeyid|x-goog-signature|signature|sig"

_NUMBERS: Final = re.compile(r"(?:token|signature)$", re.IGNORECASE)

_PRIVATE_KEYS: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_JWTS: Final = re.compile(r"(?<![\w\-])eyJ[\w\-]{5,}+\.[\w\-]{5,}+(?:\.[\w\-]*+)*+")
_CLOUD_KEYS: Final = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])")
_USERS: Final = re.compile(r"(?<=://)[^/?#\s@:]*+(:)?[^/?#\s]*(?=@)")
_LINES: Final = re.compile(rf"(?:authorization|cookie){_SIGN}\\?[\"']?([^\r\n\"'\\]+)", re.IGNORECASE)
_QUERY: Final = re.compile(rf"(?:^|[?&;])(?:{_QUERIES})=([^&#\s]*+)", re.IGNORECASE)
_SCHEMES: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:bearer|basic)(\s+(?=[^\s,;]{20}|[^\s,;]*[0-9._=+/])[^\s,;\"']{6,})", re.IGNORECASE
)
_SPOKEN_CODES: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:cvv2?|cvc2?|csc|cvn|security code)[\s:=#(]{0,4}(?:is\s|was\s)?[\s#(]{0,2}([0-9]{3,4})(?![0-9])",
    re.IGNORECASE,
)

_PAIR_HINTS: Final = r"passw|passphrase|passcode|pwd|secret|token|key|credential|authorization|cookie"
_CODE_HINT: Final = re.compile(r"cv[vcn]|csc|security|verification|pin")


class Pass(NamedTuple):
    """One look at a text: the kind it finds, whether it is worth while (of the text, and of that in small letters), and what it takes out:
    all of a match, or its last group.
    """

    kind: str
    is_worthwhile: Callable[[str, str], bool]
    pattern: re.Pattern[str]
    group: int = 0
    instead: Callable[[re.Match[str]], str] = lambda _: REDACTED


def passes(keys: Iterable[str] = ()) -> tuple[Pass, ...]:
    """The looks at a text that find its secrets, in the order in which they are taken, each at what the one before has left; `keys` are
    further ends of secrets' keys.
    """
    own = tuple(re.escape(key.lower()) for key in keys)
    pairs = re.compile(
        rf"(?:{_PASSWORDS}[\w.\-]{{0,20}}|{'|'.join((_ENDS, *own))}){_SIGN}\\?[\"']?({_VALUE})", re.IGNORECASE
    )
    codes = re.compile(rf"(?:{_CODES}){_SIGN}\\?[\"']?({_VALUE})", re.IGNORECASE)
    hint = re.compile("|".join((_PAIR_HINTS, *own)))
    return (
        Pass(PRIVATE_KEY, lambda text, _: "PRIVATE KEY" in text, _PRIVATE_KEYS),
        Pass(JWT, lambda text, _: "eyJ" in text, _JWTS),
        Pass(CLOUD_KEY, lambda text, _: "AKIA" in text or "ASIA" in text, _CLOUD_KEYS),
        Pass(URL_USER, lambda text, _: "@" in text and "://" in text, _USERS, 0, _users),
        Pass(HEADER, lambda _, small: "authorization" in small or "cookie" in small, _LINES, 1),
        Pass(SECRET, lambda text, small: _has_sign(text) and hint.search(small) is not None, pairs, 1),
        Pass(CVV, lambda text, small: _has_sign(text) and _CODE_HINT.search(small) is not None, codes, 1),
        Pass(CVV, lambda _, small: "cv" in small or "csc" in small or "security code" in small, _SPOKEN_CODES, 1),
        Pass(
            QUERY,
            lambda text, small: "=" in text and ("sig" in small or "x-amz-" in small or "awsa" in small),
            _QUERY,
            1,
        ),
        Pass(CREDENTIAL, lambda _, small: "bearer" in small or "basic" in small, _SCHEMES, 1, lambda _: f" {REDACTED}"),
    )


def may_hold(text: str) -> bool:
    """One cheap look: False where none of the secrets said here is in a text."""
    small = text.lower()
    return (
        (_has_sign(small) and _may_hold_pair(small))
        or "bearer" in small
        or "basic" in small
        or "eyj" in small
        or "akia" in small
        or "asia" in small
        or "private key" in small
        or "cvv" in small
        or "cvc" in small
        or "csc" in small
        or "cvn" in small
        or "security code" in small
    )


def _may_hold_pair(small: str) -> bool:
    return (
        ("://" in small and "@" in small)
        or "key" in small
        or "pass" in small
        or "token" in small
        or "secret" in small
        or "sig" in small
        or "cookie" in small
        or "authorization" in small
        or "credential" in small
        or "pwd" in small
        or "pin" in small
        or "cvv" in small
        or "cvc" in small
        or "security" in small
        or "verification" in small
    )


class Keys:
    """What a key says of its value."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        own = "|".join(re.escape(key.lower()) for key in keys)
        ends = f"{_ENDS}|{own}" if own else _ENDS
        self._secret = re.compile(rf"{_PASSWORDS}|(?:{ends})$", re.IGNORECASE)
        self._code = re.compile(rf"(?:{_CODES})$", re.IGNORECASE)

    def kind_of(self, key: str) -> str | None:
        """SECRET or CVV where the value is one whatever it looks like; else None."""
        if self._secret.search(key):
            return SECRET
        return CVV if self._code.search(_SNAKE.sub(r"_\g<0>", key)) else None

    def may_count(self, key: str) -> bool:
        """Whether a number under this secret's key is none: it counts tokens used, say."""
        return _NUMBERS.search(key) is not None


_SNAKE: Final = re.compile(r"(?<=[a-z])(?:Pin|Csc|Cvn)\b")


def _has_sign(text: str) -> bool:
    return "=" in text or ":" in text


def _users(found: re.Match[str]) -> str:
    return f"{REDACTED}:{REDACTED}" if found[1] else REDACTED
