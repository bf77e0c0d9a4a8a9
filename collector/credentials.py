"""Secrets in text and under keys: the words that tell passwords, tokens, headers, cookies, keys of clouds and signatures in URLs.

What is a secret's key and what a secret looks like are lists (here, and in `kernels.patterns`), and errors of such lists fall on the safe
side: a text that only looks like a secret is taken out. Keys of queries are those of the semantic conventions for `url.query`, and the
usual ones. All words are meant in small and in large letters.
"""

from __future__ import annotations

from itertools import product
from typing import Final

_JOINTS: Final = ("", "_", ".", "-")
_KEYS: Final = (
    *(f"api{joint}key" for joint in _JOINTS),
    *map("".join, product(("access", "secret", "private"), _JOINTS, ("key",), ("", "id", "_id", ".id", "-id"))),
)

PASSWORDS: Final = ("password", "passwd")
"""A key that holds one of these is a secret's."""

ENDS: Final = (
    "passphrase", "passcode", "pwd", "secret", "secrets", "token", "credential", "credentials", "authorization", "cookie", "cookies",
    "cvv", "cvv2", "cvc", "cvc2", *_KEYS,
)  # fmt: skip
"""A key that ends so is a secret's. In texts a secret follows such a word and `=` or `:`."""

NUMBERS: Final = ("token", "signature")
"""Under a key that ends so a number is no secret: it counts tokens used, say."""

HEADERS: Final = ("authorization", "cookie")
"""What follows these and `=` or `:` is a secret to the end of the line."""

QUERIES: Final = (
    "x-amz-signature=", "x-amz-credential=", "x-amz-security-token=", "awsaccesskeyid=", "x-goog-signature=", "signature=", "sig=",
)  # fmt: skip
"""A secret follows these in a query."""

SCHEMES: Final = ("bearer", "basic")
"""A secret follows these and a space, where it is long or has characters that words have not."""

HINTS: Final = (
    b"passw", b"passphrase", b"passcode", b"pwd", b"secret", b"token", b"authorization", b"cookie", b"apikey", b"accesskey", b"privatekey",
    b"credential", b"signature", b"sig=", b"cvv", b"cvc", b"akia", b"asia", b"bearer", b"basic", b"eyj",
)  # fmt: skip
"""One of these is in everything that is taken out (but in users of URLs), without spaces, dashes, dots and underscores."""


def is_secret(key: str) -> bool:
    """Whether what stands under a key is a secret, whatever it looks like."""
    small = key.lower()
    return small.removesuffix("\n").endswith(ENDS) or any(word in small for word in PASSWORDS)
