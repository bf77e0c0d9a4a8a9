"""Card numbers and secrets taken out of everything that leaves the process: spans, log records, outgoing baggage.

What is taken out is replaced by REDACTED, whole, and counted by its kind; nothing of it is shown, neither first nor last digits. What
is taken out is said in `cards` and `credentials`, and may be added to with `Rules`. The collector takes out the same of what others
send it; what is cleaned here is not changed there.

All of it is meant for the export thread. A text without anything to take out costs about a microsecond, and nothing new is made of it:
the very same object comes back.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from ..health import Health
from .cards import LEAST, is_card
from .credentials import CARD, REDACTED, SECRET, TOO_DEEP, Keys
from .rules import Rules
from .texts import SHORT, TextRedactor, remember

DEEPEST: Final = 16
"""Lists and maps within one another that are looked into; what lies deeper is taken out."""

MANY: Final = (list, tuple, set, frozenset, deque)
"""What is looked into; of all else that is no map, the text counts."""

Many = list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any] | deque[Any]
Path = tuple[int, ...]

_IDS: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(("trace_id", "trace.id", "traceId", "otelTraceID", "TraceId"), re.compile("[0-9a-fA-F]{32}")),
    **dict.fromkeys(
        ("span_id", "span.id", "spanId", "otelSpanID", "SpanId", "parent_id", "parent_span_id", "parentSpanId"),
        re.compile("[0-9a-fA-F]{16}"),
    ),
    **dict.fromkeys(("dd.trace_id", "dd.span_id"), re.compile("[0-9]{1,20}")),
    **dict.fromkeys(("cloud.account.id", "aws.account.id", "aws_account_id"), re.compile("[0-9]{12}")),
}  # fmt: skip
"""Keys whose values are ids where they look so, whatever their digits."""


class _Key(NamedTuple):
    """A key as it may be said, and what it says of its value: the kind of secret it is, or that it stays, or looks like an id."""

    said: str
    kind: str | None = None
    counts: bool = False
    allowed: bool = False
    ids: re.Pattern[str] | None = None


class Redactor(TextRedactor):
    """Takes card numbers and secrets out of values of any kind, texts among them, and out of attributes with their keys."""

    def __init__(self, rules: Rules | None = None, health: Health | None = None) -> None:
        super().__init__(rules, health)
        self._keys_of_secrets = Keys(self.rules.keys)
        self._allowed = frozenset(key.lower() for key in self.rules.allowed)
        self._keys: dict[str, _Key] = {}
        self._plain_keys: dict[str, None] = {}

    def value(self, value: Any) -> Any:
        """A value of any kind without card numbers and secrets; lists, sets and maps are looked into, and are new where something changed.

        Of an object of another kind it is the text that counts: where that holds something, the cleaned text is given instead.
        """
        return self._value(value, ())

    def attributes(self, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Attributes without card numbers and secrets in keys and values: the very same object where there are none, else a new dict."""
        return self._mapping(attributes, ())

    def pair(self, key: str, value: str) -> str:
        """What may be said under a key, as `attributes` has it: for baggage and headers."""
        cleaned = self._mapping({key: value}, ())
        return str(next(iter(cleaned.values())))

    def _key(self, key: str) -> _Key:
        known = self._keys.get(key)
        if known is None:
            taken: list[str] = []
            said = self._cleaned(key, taken)
            kind = self._keys_of_secrets.kind_of(key)
            known = _Key(said, kind, self._keys_of_secrets.may_count(key), key.lower() in self._allowed, _IDS.get(key))
            if taken:
                self._count(taken)
            elif len(key) <= SHORT:
                remember(self._keys, key, known)
                if known == _Key(key):
                    remember(self._plain_keys, key, None)
        return known

    def _mapping(self, mapping: Mapping[Any, Any], path: Path) -> Mapping[Any, Any]:
        plain, clean, path = self._plain_keys, self._clean, (*path, id(mapping))
        changes: dict[Any, tuple[Any, Any]] = {}
        for name, value in mapping.items():
            if name in plain:
                kind = type(value)
                if (kind is str and value in clean) or (kind is int and -LEAST < value < LEAST):
                    continue
            said, kept = self._item(name, value, path)
            if kept is not value or said != name:
                changes[name] = said, kept
        if not changes:
            return mapping
        return dict(changes.get(name, (name, value)) for name, value in mapping.items())

    def _item(self, name: Any, value: Any, path: Path) -> tuple[Any, Any]:
        """A key and its value as they may be said."""
        if not isinstance(name, str):
            return self._value(name, path), self._value(value, path)
        key = self._key(name)
        if key.allowed or (key.ids is not None and isinstance(value, str) and key.ids.fullmatch(value)):
            return key.said, value
        if key.kind is not None:
            return key.said, self._blanked(value, key, path)
        return key.said, self._value(value, path)

    def _value(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return self._number(value)
        if isinstance(value, (bytes, bytearray)):
            return self._bytes(value)
        if len(path) >= DEEPEST or id(value) in path:
            self._count([TOO_DEEP])
            return REDACTED
        if isinstance(value, Mapping):
            return self._mapping(value, path)
        if isinstance(value, MANY):
            return self._many(value, lambda each: self._value(each, (*path, id(value))))
        return self._object(value)

    def _number(self, number: float) -> float | str:
        if not is_card(number):
            return number
        self._count([CARD])
        return REDACTED

    def _bytes(self, value: bytes | bytearray) -> bytes | bytearray:
        text = value.decode("latin-1")
        cleaned = self.text(text)
        return value if cleaned is text else cleaned.encode("latin-1")

    def _object(self, value: object) -> object:
        try:
            text = str(value)
        except Exception:  # noqa: BLE001 - an object of the application that can't say what it is can't leave either
            return value
        cleaned = self.text(text)
        return value if cleaned is text else cleaned

    def _many(self, values: Many, clean: Callable[[Any], Any]) -> Any:
        """A list or set of cleaned values: the very same one where nothing changed. A verification code may stand beside a card number."""
        cleaned = [clean(each) for each in values]
        if all(new is old for new, old in zip(cleaned, values, strict=True)):
            return values
        if isinstance(values, (set, frozenset)):
            return set(cleaned)
        if REDACTED in cleaned:
            cleaned = [REDACTED if _is_code(each) else each for each in cleaned]
        return tuple(cleaned) if isinstance(values, tuple) else cleaned

    def _blanked(self, value: Any, key: _Key, path: Path) -> Any:
        """What may be said of the value of a secret's key: that there is one. Truth values are no secrets."""
        if value is None or isinstance(value, bool) or (isinstance(value, str) and value == REDACTED):
            return value
        if isinstance(value, (int, float)) and key.counts:
            return self._number(value)
        if isinstance(value, MANY) and len(path) < DEEPEST and id(value) not in path:
            return self._many(value, lambda each: self._blanked(each, key, (*path, id(value))))
        self._count([key.kind or SECRET])
        return REDACTED


def _is_code(value: Any) -> bool:
    """Whether a value beside a card number may be its verification code."""
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) in (3, 4)
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 9_999
