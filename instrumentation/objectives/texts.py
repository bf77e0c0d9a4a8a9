"""What people write in objectives, read exactly: shares, durations, windows, links."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlsplit

from ..errors import BadObjective

MOST_DECIMALS: Final = 30
LONGEST_WINDOW: Final = 400 * 86_400
LONGEST_LATENCY: Final = 3_600

_LONGEST: Final = 60
_LATENCY: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(us|ms|s|m)")
_EXPONENTS: Final = {"us": Decimal("0.000001"), "ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60)}
_WINDOW: Final = re.compile(r"([1-9][0-9]{0,5})([mhdw])")
_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}


def read_target(target: object) -> Decimal:
    """A share between 0 and 1, both excluded: `0.9995`, `99.95%` or a Decimal. Raises `BadObjective`."""
    if isinstance(target, float) or not isinstance(target, (str, Decimal)):
        raise BadObjective(
            f"target: write a text such as '99.95%' or '0.9995', or a Decimal, which are exact; not {target!r}"
        )
    text = str(target).strip()
    share = _number(text.removesuffix("%").strip())
    if share is not None and text.endswith("%"):
        share = share.scaleb(-2)
    if share is None or not 0 < share < 1 or -int(share.as_tuple().exponent) > MOST_DECIMALS:
        raise BadObjective(
            f"target: {text[:_LONGEST]!r} is no share between 0 and 1, both excluded; write '99.95%' or '0.9995'"
        )
    return share


def read_latency(latency: object) -> Decimal:
    """Seconds, exactly: `300ms`, `1.5s`, or a number. Raises `BadObjective`."""
    seconds: Decimal | None = None
    if isinstance(latency, str):
        if match := _LATENCY.fullmatch(latency.strip()):
            seconds = Decimal(match[1]) * _EXPONENTS[match[2]]
    elif isinstance(latency, (int, float, Decimal)) and not isinstance(latency, bool):
        seconds = _number(str(latency))
    if seconds is None or not 0 < seconds <= LONGEST_LATENCY:
        raise BadObjective(
            f"latency: {str(latency)[:_LONGEST]!r} is no time up to an hour; write '300ms' or '1.5s', or seconds as a number"
        )
    return Decimal(format(seconds.normalize(), "f"))


def read_window(window: object) -> str:
    """A rolling window: `30d`, `4w`, `12h`, `90m`. Raises `BadObjective`."""
    match = _WINDOW.fullmatch(window) if isinstance(window, str) else None
    if match is None or int(match[1]) * _SECONDS[match[2]] > LONGEST_WINDOW:
        raise BadObjective(
            f"window: {str(window)[:_LONGEST]!r} is no window up to 400 days; write '30d', '4w' or '12h'"
        )
    return match[0]


def read_link(what: str, text: str) -> str:
    """An absolute http or https address, or nothing. Raises `BadObjective`."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or re.search(r"\s", text):
        raise BadObjective(f"{what}: {text[:_LONGEST]!r} is no address; write 'https://...'")
    return text


def _number(text: str) -> Decimal | None:
    """None for what is none, or so long that reckoning with it would take long."""
    if len(text) > _LONGEST:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(int(number.as_tuple().exponent)) <= _LONGEST else None
