"""Numbers as people write them: `15s`, `64MiB`, a port. `true` is none of them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES: Final = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"Input should be a number, not {value!r}")  # noqa: TRY004 - pydantic makes faults of ValueErrors
    return value


def _seconds(value: object) -> object:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", value) if isinstance(value, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else _no_flag(value)


def _size(value: object) -> object:
    if not isinstance(value, str) or value.isdecimal():
        return _no_flag(value)
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,12})?) ?([a-zA-Z]+)", value, re.ASCII)
    if match is None or match[2] not in _SIZES:
        raise ValueError(
            f"{value!r} is no size; write bytes as a number, or 500kB, 64MiB: the units are {', '.join(_SIZES)}"
        )
    size = Decimal(match[1]) * _SIZES[match[2]]
    if size % 1:
        raise ValueError(f"{value!r} is no whole number of bytes")
    return int(size)


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=3600)]
"""`15s`, `500ms`, `1m`; a bare number is seconds."""

Size = Annotated[int, BeforeValidator(_size)]
"""`64MiB`, `1GiB`, `500kB`; a bare number is bytes."""

Port = Annotated[int, BeforeValidator(_no_flag), Field(ge=0, le=65535)]
