"""OTLP attributes as plain mappings, and the numbering that lets equal sets be matched once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from ..slo import Attribute, Attributes

Typed = Mapping[str, tuple[str, Attribute]]
"""An attribute's value beside the name of its type: `1`, `1.0` and `True` are equal in Python, but not as attributes."""

STRING: Final = "string_value"
_SCALARS: Final = frozenset({STRING, "bool_value", "int_value", "double_value"})


def scalars(attributes: Iterable[KeyValue], wanted: frozenset[str] | None = None) -> dict[str, tuple[str, Attribute]]:
    """The wanted attributes that hold a string, a boolean or a finite number; all of them where `wanted` is None.

    A key that is sent twice has its last value: the specification forbids it and leaves open what it means.
    """
    found: dict[str, tuple[str, Attribute]] = {}
    for attribute in attributes:
        key = attribute.key
        if wanted is None or key in wanted:
            kind = attribute.value.WhichOneof("value")
            if kind in _SCALARS:
                value = cast("Attribute", getattr(attribute.value, kind))
                if not isinstance(value, float) or math.isfinite(value):
                    found[key] = (kind, value)
    return found


class Interner:
    """Gives equal attribute sets the same number, counted from 0 in the order they were first seen."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[Any], int] = {}
        self._distinct: list[Attributes] = []

    @property
    def distinct(self) -> tuple[Attributes, ...]:
        """The sets by their number."""
        return tuple(self._distinct)

    def number(self, attributes: Typed) -> int:
        """The set's number, whatever the order of its keys."""
        key = frozenset(attributes.items())
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._distinct)
            self._distinct.append({name: value for name, (_, value) in attributes.items()})
        return number


def fingerprint(scope: bytes, attributes: Iterable[KeyValue]) -> int:
    """A 64-bit number for a scope and all attributes of a point, values of every kind, whatever their order.

    The same in every process and on every day, since it is kept: it says which stream a point continues.
    """
    digest = hashlib.blake2b(scope, digest_size=8)
    for attribute in sorted(attribute.SerializeToString() for attribute in attributes):
        digest.update(len(attribute).to_bytes(4))
        digest.update(attribute)
    return int.from_bytes(digest.digest(), signed=True)
