"""A datagram as X-Ray's SDKs send it: one line of JSON that says the format, then one document.

The document is a segment or subsegment, or `T1S` (sampled) or `T1U` (not sampled) and an OTLP `ExportTraceServiceRequest` in
base64, as the AWS distributions of OpenTelemetry send it.
Source: AWS X-Ray developer guide, "Sending segment documents to the X-Ray daemon".
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Final

from .drop import Dropped, DropReason

LARGEST: Final = 65_536
"""Bytes read of a datagram at most: UDP has none that is larger."""

_PER_VALUE: Final = 64
"""Bytes that an empty list of two bytes takes once it is read; other values take less for each of theirs."""

_USUAL: Final = frozenset({b'{"format":"json","version":1}', b'{"format": "json", "version": 1}'})
_OTLP: Final = (b"T1S", b"T1U")
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def read_datagram(datagram: bytes) -> dict[str, Any] | bytes:
    """The JSON object a datagram holds, or the bytes of its OTLP request. Raises Dropped."""
    head, _, document = datagram.partition(b"\n")
    head = head.strip()
    if head not in _USUAL and not _is_header(head):
        raise Dropped(DropReason.HEADER)
    document = document.strip()
    if not document:
        raise Dropped(DropReason.EMPTY)
    return _otlp(document[3:]) if document[:3] in _OTLP else read_document(document)


def read_document(text: bytes) -> dict[str, Any]:
    """The JSON object of a segment document. Its texts can all be written as UTF-8. Raises Dropped."""
    value = _json(text)
    if not isinstance(value, dict):
        raise Dropped(DropReason.JSON)
    if _SURROGATE.search(text):
        # Halves of a pair stand alone after a cut within an emoji; protobuf takes no such text.
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value  # type: ignore[no-any-return]  # json.loads is Any


def weight_of(datagram: bytes) -> int:
    """Bytes of memory that a datagram's document takes once it is read, about, and hardly ever more."""
    return len(datagram) + _PER_VALUE * sum(map(datagram.count, (b",", b"[", b"{")))


def _is_header(head: bytes) -> bool:
    try:
        header = _json(head)
    except Dropped:
        return False
    if not isinstance(header, dict):
        return False
    format_, version = header.get("format"), header.get("version")
    return isinstance(format_, str) and format_.lower() == "json" and version == 1 and not isinstance(version, bool)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8"))
    except RecursionError:
        raise Dropped(DropReason.TOO_DEEP) from None
    except ValueError:
        raise Dropped(DropReason.JSON) from None


def _otlp(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Dropped(DropReason.OTLP) from None
