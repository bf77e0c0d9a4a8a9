"""Card numbers and secrets taken out of OTLP messages, before anything of them is kept or sent on.

A message is looked over as bytes first, and goes unchanged where nothing in it could be a card number or a secret: that is nearly always,
and costs 0.3 ms for 500 spans. Only else what lies around such places is read, and what is found is taken out of the
bytes; it takes time that grows as the message does, whatever that holds. Every text is cleaned, wherever it stands: values of every
kind and at any depth, keys, names, events, links, status messages, bodies. What is taken out is said in `cards` and `credentials`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from .columns import Signal
from .errors import Unredactable

LARGEST: Final = 4 * 2**20
"""Bytes of a message with something suspicious in it that are worked through: others wait."""

_REMEMBERED: Final = 128


def redacted_body(signal: Signal, body: bytes) -> bytes:
    """The body of an OTLP request without card numbers and secrets: the very same bytes where there are none.

    Bytes around what is taken out stay as they are. Raises Unredactable.
    """
    from .kernels.redaction import REQUESTS

    return _redacted(REQUESTS[signal], body)


def clean_item(item: Any) -> bytes:
    """The bytes of a span, log record or metric without card numbers and secrets. Raises Unredactable."""
    from .kernels.redaction import ITEMS

    return _redacted(ITEMS[item.DESCRIPTOR.name], item.SerializeToString())


def without_sensitive(text: str, kinds: int | None = None) -> str:
    """The text without card numbers and secrets, or without some kinds of these (`kernels.patterns`)."""
    # Keys and most values come again and again, and short.
    return _remembered(text, kinds) if len(text) <= _REMEMBERED else _cleaned(text, kinds)


@lru_cache(8_192)
def _remembered(text: str, kinds: int | None) -> str:
    return _cleaned(text, kinds)


def _cleaned(text: str, kinds: int | None) -> str:
    from .kernels.redaction import redacted_text

    body = text.encode(errors="surrogatepass")
    cleaned = redacted_text(body, kinds)
    return text if cleaned is body else cleaned.decode(errors="surrogatepass")


def _redacted(kind: int, body: bytes) -> bytes:
    from .kernels.marks import marks_of
    from .kernels.redaction import redacted

    marks = marks_of(body)
    if marks[-1] == 0:
        return body
    if len(body) > LARGEST:
        raise Unredactable(f"a message of {len(body)} bytes with something in it that looks like a secret")
    cleaned = redacted(kind, body, marks)
    if cleaned is None:
        raise Unredactable("a message with something in it that looks like a secret can't be read whole")
    return cleaned
