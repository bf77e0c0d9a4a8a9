"""Resources, spelled out: the few distinct ones a request has."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ...slo import Attributes
from ..attributes import Interner, Typed, scalars
from ..columns import IntColumn
from ..errors import BadRequest
from .outline import USED, Outline, slice_of

_SMALL: Final = 4_096
_REMEMBERED: Final = 1_024
"""Resources of at most so many bytes are read once and remembered, so many of them: a sender's is the same in every request."""


def resources_of(body: bytes, outline: Outline) -> tuple[tuple[Attributes, ...], IntColumn]:
    """The distinct resources of a body, those without items too, and which of them each item has."""
    interner = Interner()
    numbers = np.zeros(max(len(outline.resources), 1), np.int64)
    for entry in np.flatnonzero(outline.resources[:, USED]).tolist():
        numbers[entry] = interner.number(_read(slice_of(body, outline.resources, entry)))
    return interner.distinct, numbers[outline.resource]


def _read(content: bytes) -> Typed:
    return _remembered(content) if len(content) <= _SMALL else _parsed(content)


def _parsed(content: bytes) -> Typed:
    try:
        return scalars(Resource.FromString(content).attributes)
    except DecodeError as error:
        raise BadRequest("the body holds a resource that can't be read") from error


_remembered = lru_cache(_REMEMBERED)(_parsed)
