"""Whatever somebody logs as values that JSON and OTLP can say: bounded in size, and never a reason to raise."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import pathlib
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import islice
from typing import Any, Final, cast

Plain = str | int | float | bool | None | list[Any] | dict[str, Any]
"""Text, numbers, truth, nothing, and lists and maps of these."""

LONGEST_TEXT: Final = 16_384
"""Characters of one text; what is longer ends in an ellipsis."""
LONGEST_KEY: Final = 256
MOST_VALUES: Final = 1_024
"""Values within one logged value, however they are nested."""
DEEPEST: Final = 8
MARGIN: Final = 128
"""Characters beyond `LONGEST_TEXT` that are kept until secrets were taken out, so that none is cut where nobody knows it any more."""

_LARGEST: Final = 2**63
_MANY: Final = (list, tuple, set, frozenset, deque)
_SAY_THEMSELVES: Final = (decimal.Decimal, uuid.UUID, pathlib.PurePath)


def plain(value: object) -> Plain:
    """The value in plain words; of what is no text, number, list or map its `repr`. Never raises.

    Texts may exceed the longest by `MARGIN`.
    """
    kind = type(value)
    if kind is str:
        return _text(cast(str, value))
    if kind is int:
        return _integer(cast(int, value))
    return _Walk().say(value, 0)


def shortened(value: Plain) -> Plain:
    """A plain value with all its texts within `LONGEST_TEXT`: for when secrets were taken out."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
    if isinstance(value, list):
        return [shortened(each) for each in value]
    if isinstance(value, dict):
        return {key: shortened(each) for key, each in value.items()}
    return value


def plain_key(key: object) -> str:
    """A field's name in plain words. One that is too long is not cut, but replaced: nobody would look there for half a secret."""
    if type(key) is str and len(key) <= LONGEST_KEY:
        return key if key.isascii() else sayable(key)
    said = str(plain(key))
    return said if len(said) <= LONGEST_KEY else f"<a name of {len(said)} characters>"


def without_middle(text: str, most: int) -> str:
    """A text of at most about `most` characters: how it begins, and more of how it ends, where a stack trace says what happened."""
    if len(text) <= most:
        return text
    head = most // 4
    return f"{text[:head]}\n… {len(text) - most} characters left out …\n{text[len(text) - most + head :]}"


def sayable(text: str) -> str:
    """The text as it is, or without what no encoding can say (half of a surrogate pair)."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


class _Walk:
    """One value being said: counts what it says, so that neither a cycle nor a bomb goes on."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def say(self, value: object, depth: int) -> Plain:
        try:
            return self._say(value, depth)
        except Exception:  # noqa: BLE001 - a value of the application may do anything when it is looked at
            return f"<{type(value).__name__} that can't be said>"

    def _say(self, value: Any, depth: int) -> Plain:
        kind = type(value)
        if kind is str:
            return _text(value)
        if kind is int:
            return _integer(value)
        if value is None or kind is bool:
            return value  # type: ignore[no-any-return]  # one of these two
        if kind is float:
            return value if math.isfinite(value) else repr(value)
        return self._say_other(value, depth)

    def _say_other(self, value: Any, depth: int) -> Plain:
        if isinstance(value, Enum):
            return self.say(value.value, depth)
        if isinstance(value, str):
            return _text(str.__str__(value))
        if isinstance(value, (dt.datetime, dt.date, dt.time)):
            return value.isoformat()
        if isinstance(value, _SAY_THEMSELVES):
            return _text(str(value))
        if isinstance(value, (bytes, bytearray)):
            return _text(bytes(value[: LONGEST_TEXT + MARGIN]).decode("utf-8", "backslashreplace"))
        if isinstance(value, Mapping):
            return self._map(value, depth)
        if isinstance(value, _MANY):
            return self._list(value, depth)
        return _text(repr(value))

    def _map(self, mapping: Mapping[Any, Any], depth: int) -> Plain:
        if depth >= DEEPEST:
            return "{…}"
        said: dict[str, Any] = {}
        for key, value in islice(mapping.items(), max(0, self._left)):
            if not self._take():
                break
            said[plain_key(key)] = self.say(value, depth + 1)
        return said

    def _list(self, values: Iterable[Any], depth: int) -> Plain:
        if depth >= DEEPEST:
            return "[…]"
        return [self.say(value, depth + 1) for value in islice(values, max(0, self._left)) if self._take()]

    def _take(self) -> bool:
        self._left -= 1
        return self._left >= 0


def _text(text: str) -> str:
    return sayable(text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT + MARGIN])


def _integer(value: int) -> int | str:
    # Neither OTLP nor most readers of JSON know integers beyond 64 bits; and Python itself refuses to write very long ones in decimals.
    return value if -_LARGEST <= value < _LARGEST else _text(hex(value))
