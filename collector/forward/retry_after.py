"""How long a server asks to be left alone.

Source: RFC 9110, section 10.2.3.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime


def retry_after(text: str | None, now: float) -> float | None:
    """What a Retry-After says, seconds or a date, in seconds from epoch second `now` on; None where that is nothing."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
