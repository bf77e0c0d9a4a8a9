"""Whether an encoded OTLP message may hold a card number or a secret, by a look at its bytes.

It errs on one side only: what is not suspicious holds nothing that redaction would take out.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from .cards import SHORTEST, is_card
from .credentials import USERINFO, WORDS

_FLAT: Final = bytes(
    ord("0") if ord("0") <= byte <= ord("9") else byte + 32 if ord("A") <= byte <= ord("Z") else byte
    for byte in range(256)
)
"""Every digit as 0, every letter as a small one; with spaces, dashes, dots and underscores left out, groups and words close up."""

_CARD_LIKE: Final = b"0" * SHORTEST
# AnyValue's int_value and double_value as they stand on the wire: a tag of one byte, and numbers of 13 to 19 digits.
_INTEGERS: Final = re.compile(rb"\x18([\x80-\xff]{5,9}[\x01-\x7f])", re.DOTALL)
_DOUBLES: Final = re.compile(rb"!(?=(.{7}[\x42\x43]))", re.DOTALL)

# One of these is in each of WORDS. Four bytes are looked for as one number, all of them in one pass: each alone would take as long.
_FOURS: Final = tuple(b"pass secr toke riza cook ikey skey ekey rede gnat sig= akia asia bear asic".split())
_THREES: Final = (b"pwd", b"cvv", b"cvc", b"eyj")
_WANTED: Final = np.array([int.from_bytes(four, "little") for four in _FOURS], np.uint32)
_SMALL: Final = 4_096
"""Bytes below which arrays cost more than they save."""

_MIX: Final = np.uint32(0x9E37_79B1)
_HALF: Final = np.uint32(16)
_LIKELY: Final = np.zeros(2**16, np.bool_)
_LIKELY[(_WANTED * _MIX) >> _HALF] = True


def is_suspicious(message: bytes) -> bool:
    """Whether anything in an encoded message may be a card number or a secret. False is certain."""
    flat = message.translate(_FLAT, b" -_.")
    return (
        _CARD_LIKE in flat
        or ((_has_four(flat) or any(three in flat for three in _THREES)) and any(word in flat for word in WORDS))
        or (b"://" in message and USERINFO.search(message) is not None)
        or any(is_card(digits) for digits in _numbers(message))
    )


def whole(number: float) -> str:
    """The digits of a number that is whole and not negative; a dash for any other."""
    return str(int(number)) if 0 <= number < 1e19 and number.is_integer() else "-"


def _has_four(flat: bytes) -> bool:
    if len(flat) < _SMALL:
        return any(four in flat for four in _FOURS)
    for offset in range(4):
        fours = np.frombuffer(flat, "<u4", max(0, len(flat) - offset) // 4, min(offset, len(flat)))
        likely = fours[_LIKELY.take((fours * _MIX) >> _HALF)]
        if len(likely) and np.isin(likely, _WANTED).any():
            return True
    return False


def _numbers(message: bytes) -> Iterator[str]:
    """The digits of everything in a message that may be a number of an attribute."""
    for found in _INTEGERS.finditer(message):
        yield str(sum((byte & 0x7F) << 7 * place for place, byte in enumerate(found[1])))
    for found in _DOUBLES.finditer(message):
        yield whole(struct.unpack("<d", found[1])[0])
