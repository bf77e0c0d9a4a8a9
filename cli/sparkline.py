"""Numbers as a line of small columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_COLUMNS: Final = "▁▂▃▄▅▆▇█"
_NOTHING: Final = "·"


def sparkline(numbers: Sequence[float | None]) -> str:
    """A sign a number, as high as it is beside the highest; what is above nothing is never as low as nothing, and None is a dot."""
    highest = max((number for number in numbers if number is not None), default=0)
    return "".join(_NOTHING if number is None else _column(number, highest) for number in numbers)


def _column(number: float, highest: float) -> str:
    if number <= 0 or highest <= 0:
        return _COLUMNS[0]
    return _COLUMNS[max(1, round(number / highest * (len(_COLUMNS) - 1)))]
