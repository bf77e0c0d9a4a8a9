"""Moments as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from ...slo import InvalidValue, Window
from ..errors import BacktestError

_EPOCH: Final = re.compile(r"[0-9]{1,11}(\.[0-9]*)?")


def parse_moment(text: str, now: float | None = None) -> int:
    """Epoch seconds of `1800000000`, `2027-01-15`, `2027-01-15T08:00:00+01:00` (UTC unless a zone is said); with `now` also `now`, `-35d`.

    Raises BacktestError for anything else.
    """
    said = text.strip()
    if _EPOCH.fullmatch(said):
        return int(float(said))
    if now is not None and said == "now":
        return int(now)
    try:
        if now is not None and said.startswith("-"):
            return int(now) - Window.parse(said[1:]).seconds
        found = datetime.fromisoformat(said)
    except (ValueError, InvalidValue) as error:
        relative = "" if now is None else ", -35d, now"
        raise BacktestError(
            f"{text!r} is no moment; write 2027-01-15, 2027-01-15T08:00:00Z, epoch seconds{relative}"
        ) from error
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
