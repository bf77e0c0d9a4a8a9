"""Resources, spelled out: the few distinct ones a request has."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ...slo import Attribute, Attributes
from ..attributes import scalars
from ..columns import IntColumn
from ..errors import BadRequest
from .outline import USED, Outline, slice_of

_SMALL: Final = 4_096
_REMEMBERED: Final = 1_024
"""Resources of at most so many bytes are read once and remembered, so many of them: a sender's is the same in every request."""


class _Read(NamedTuple):
    """A resource's attributes with the names of their types, to compare by, and without."""

    typed: frozenset[tuple[str, tuple[str, Attribute]]]
    attributes: Attributes


def resources_of(body: bytes, outline: Outline) -> tuple[tuple[Attributes, ...], IntColumn]:
    """The distinct resources of a body, those without items too, and which of them each item has."""
    known: dict[frozenset[tuple[str, tuple[str, Attribute]]], int] = {}
    distinct: list[Attributes] = []
    numbers = np.zeros(max(len(outline.resources), 1), np.int64)
    for entry in np.flatnonzero(outline.resources[:, USED]).tolist():
        typed, attributes = _read(slice_of(body, outline.resources, entry))
        numbers[entry] = known.setdefault(typed, len(distinct))
        if len(known) > len(distinct):
            distinct.append(attributes)
    return tuple(distinct), numbers[outline.resource]


def _read(content: bytes) -> _Read:
    """What a resource says; the same object for the same bytes, where they are few."""
    return _remembered(content) if len(content) <= _SMALL else _parsed(content)


def _parsed(content: bytes) -> _Read:
    try:
        typed = scalars(Resource.FromString(content).attributes)
    except DecodeError as error:
        raise BadRequest("the body holds a resource that can't be read") from error
    return _Read(frozenset(typed.items()), {name: value for name, (_, value) in typed.items()})


_remembered = lru_cache(_REMEMBERED)(_parsed)
