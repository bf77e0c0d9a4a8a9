"""OTLP attributes as plain mappings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, cast

from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from ..slo import Attribute

_SCALARS: Final = frozenset({"string_value", "bool_value", "int_value", "double_value"})


def scalars(attributes: Iterable[KeyValue], wanted: frozenset[str] | None = None) -> dict[str, tuple[str, Attribute]]:
    """The wanted attributes that hold a string, a boolean or a finite number; all of them where `wanted` is None.

    Each value stands beside the name of its type: `1`, `1.0` and `True` are equal in Python, but not as attributes.
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
