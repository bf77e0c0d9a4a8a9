"""A segment document's identity, checked: what it is called, whose it is, when it began and whether it is over.

Source: AWS X-Ray developer guide, "X-Ray segment documents".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .drop import Dropped, DropReason

LATEST: Final = 2**63 // 10**9 - 1
"""The last second whose nanoseconds a column can hold."""

_ID: Final = re.compile("[0-9a-fA-F]{16}")
_TRACE_ID: Final = re.compile("1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})")
_NO_ID: Final = "0" * 16
_SUBSEGMENT: Final = "subsegment"


@dataclass(frozen=True, slots=True)
class SegmentDocument:
    """A segment or subsegment. `fields` is all it says; `parent` is empty where nobody called; times are nanoseconds.

    One that is `in_progress` says nothing yet: a complete one of the same id is to come.
    """

    trace: bytes
    id: bytes
    parent: bytes
    name: str
    start: int
    end: int
    in_progress: bool
    is_subsegment: bool
    fields: Mapping[str, Any]


def read_segment(fields: Mapping[str, Any]) -> SegmentDocument:
    """The segment, or independent subsegment, that an object describes. Raises Dropped."""
    trace = parse_trace_id(fields.get("trace_id"))
    is_subsegment = fields.get("type") == _SUBSEGMENT
    parent = fields.get("parent_id") or None
    if parent is None and is_subsegment:
        raise Dropped(DropReason.PARENT_ID)
    caller = b"" if parent is None else id_of(parent, DropReason.PARENT_ID)
    return _document(fields, trace, caller, is_subsegment=is_subsegment)


def parse_trace_id(value: object) -> bytes:
    """The 16 bytes of a trace id such as `1-5759e988-bd862e3fe1be46a994272793`. Raises Dropped."""
    match = _TRACE_ID.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Dropped(DropReason.TRACE_ID)
    return bytes.fromhex(match[1] + match[2])


def id_of(value: object, reason: DropReason = DropReason.ID) -> bytes:
    """The 8 bytes of a segment's id. Raises Dropped for `reason`."""
    if not isinstance(value, str) or not _ID.fullmatch(value) or value == _NO_ID:
        raise Dropped(reason)
    return bytes.fromhex(value)


def nested(document: SegmentDocument) -> Iterator[SegmentDocument | Dropped]:
    """The subsegments within a document, those within them too, each after its parent.

    One that can't be read is yielded as why; what lies within it is taken as its parent's. Nothing within one in progress is yielded:
    its complete document repeats it.
    """
    waiting = [(child, document.id) for child in _children(document.fields)]
    while waiting:
        fields, parent = waiting.pop()
        if not isinstance(fields, dict):
            yield Dropped(DropReason.JSON)
            continue
        try:
            found = _document(fields, document.trace, parent, is_subsegment=True)
        except Dropped as dropped:
            yield dropped
        else:
            yield found
            if found.in_progress:
                continue
            parent = found.id
        waiting += [(child, parent) for child in _children(fields)]


def _children(fields: Mapping[str, Any]) -> list[Any]:
    children = fields.get("subsegments")
    return children if isinstance(children, list) else []


def _document(fields: Mapping[str, Any], trace: bytes, parent: bytes, *, is_subsegment: bool) -> SegmentDocument:
    name = fields.get("name")
    if not isinstance(name, str) or not name:
        raise Dropped(DropReason.NAME)
    own = id_of(fields.get("id"))
    start = _nanoseconds(fields.get("start_time"))
    in_progress = fields.get("in_progress") is True
    end = start if in_progress else max(start, _nanoseconds(fields.get("end_time")))
    return SegmentDocument(trace, own, parent, name, start, end, in_progress, is_subsegment, fields)


def _nanoseconds(value: object) -> int:
    """Epoch seconds as nanoseconds. Doubles of our time are true to a quarter of a microsecond, so what lies below is noise."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        raise Dropped(DropReason.TIME)
    return round(value * 1_000_000) * 1_000
