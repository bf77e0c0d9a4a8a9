"""OTLP/JSON to OTLP/protobuf, strictly by the OTLP specification, section "JSON Protobuf Encoding".

It is proto3's JSON mapping but for: trace and span ids in hex, enums as integers only, keys in lowerCamelCase only. Keys that are not
known are ignored, a null is an absent value, a 64-bit integer may be a number or a string. (`google.protobuf.json_format` reads ids as
base64 and takes names of enums and snake_case keys, so it can't be used.)
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from ...errors import BadRequest

MOST_VALUES: Final = 2_000_000
"""Values in one body, about 40 MiB of spans: an empty one of three bytes takes sixty once it is read."""

MOST_DIGITS: Final = 400
"""A double has at most 309 before its point."""

_IDS: Final = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_INTEGERS: Final = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31),
    FieldDescriptor.TYPE_SFIXED32: (-(2**31), 2**31),
    FieldDescriptor.TYPE_UINT32: (0, 2**32),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63),
    FieldDescriptor.TYPE_SINT64: (-(2**63), 2**63),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63),
    FieldDescriptor.TYPE_UINT64: (0, 2**64),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64),
}
_NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def json_to_wire(body: bytes, request: type[Message]) -> bytes:
    """The JSON body as the bytes of a protobuf `request`: equal bodies give equal bytes. Raises BadRequest naming the place.

    The body is UTF-8, with or without a byte order mark; the last one counts of keys that stand twice. More than MOST_VALUES are a
    BadRequest.
    """
    _check_size(body)
    try:
        text = body.decode("utf-8-sig")
        document = json.loads(text, parse_int=_number, parse_constant=_no_json) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no JSON: {error}") from error
    message = request()
    try:
        _fill(message, document, "$")
    except RecursionError as error:
        raise BadRequest("the body's values are nested too deeply") from error
    return message.SerializeToString(deterministic=True)


def _check_size(body: bytes) -> None:
    """Refuses what would take much more memory than its bytes. Commas and brackets in text count too."""
    if len(body) > MOST_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise BadRequest(f"more than {MOST_VALUES:,} values in one body; send smaller ones, or protobuf")


def _number(digits: str) -> int:
    """An integer of any size that a field can hold; longer ones are refused as slow to read as they are useless."""
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} stands outside of a string")


def _fill(message: Message, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise _fault(path, "an object", value)
    fields = _fields(message.DESCRIPTOR)
    for key, item in value.items():
        field = fields.get(key)
        if field is not None and item is not None:
            _set(message, field, item, f"{path}.{key}")


@cache
def _fields(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    return {field.json_name: field for field in descriptor.fields}


def _set(message: Message, field: FieldDescriptor, value: Any, path: str) -> None:
    if field.is_repeated:
        _set_repeated(getattr(message, field.name), field, value, path)
    elif field.message_type is not None:
        child = getattr(message, field.name)
        child.SetInParent()
        _fill(child, value, path)
    else:
        setattr(message, field.name, _scalar(field, value, path))


def _set_repeated(target: Any, field: FieldDescriptor, value: Any, path: str) -> None:
    if not isinstance(value, list):
        raise _fault(path, "an array", value)
    for number, item in enumerate(value):
        at = f"{path}[{number}]"
        if field.message_type is not None:
            _fill(target.add(), item, at)
        else:
            target.append(_scalar(field, item, at))


def _scalar(field: FieldDescriptor, value: Any, path: str) -> Any:
    if field.name in _IDS:
        return _id(value, _IDS[field.name], path)
    if field.type in _INTEGERS:
        return _integer(value, *_INTEGERS[field.type], path)
    return _SCALARS[field.type](value, path)


def _id(value: Any, size: int, path: str) -> bytes:
    if isinstance(value, str) and len(value) in (0, 2 * size):
        try:
            return binascii.unhexlify(value)
        except ValueError:
            pass
    raise _fault(path, f"{2 * size} hex digits", value)


def _integer(value: Any, low: int, beyond: int, path: str) -> int:
    number = value
    if isinstance(value, str) and len(value) <= 20 and value.lstrip("-").isdecimal() and value.isascii():
        number = int(value) if not value.startswith("--") else None
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number < beyond:
        raise _fault(path, f"an integer from {low} to {beyond - 1}", value)
    return number


def _enum(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise _fault(path, "the number of an enum's value", value)
    return value


def _double(value: Any, path: str) -> float:
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _fault(path, "a number", value)
    return number


def _bool(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _fault(path, "true or false", value)
    return value


def _string(value: Any, path: str) -> str:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            pass  # half of a surrogate pair is no text
        else:
            return value
    raise _fault(path, "a string", value)


def _bytes(value: Any, path: str) -> bytes:
    """Standard or URL-safe base64, with or without padding, as proto3's mapping says."""
    if isinstance(value, str) and value.isascii():
        text = value.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except ValueError:
            pass
    raise _fault(path, "base64", value)


_SCALARS: Final[dict[int, Callable[[Any, str], Any]]] = {
    FieldDescriptor.TYPE_ENUM: _enum,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_BOOL: _bool,
    FieldDescriptor.TYPE_STRING: _string,
    FieldDescriptor.TYPE_BYTES: _bytes,
}


def _fault(path: str, expected: str, value: Any) -> BadRequest:
    return BadRequest(f"{path} is {expected}, not {_short(value)}")


def _short(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return text if len(text) <= 40 else text[:37] + "..."
