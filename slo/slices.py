"""Slices of time: what a budget of bad time counts, in place of events."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Final

import numpy as np

from .arithmetic import BoolArray, IntArray, exceeds
from .calendar_window import TimeWindow
from .errors import InvalidValue
from .unit import PARTS
from .window import MINUTE, Window

_MINUTE: Final = Window(MINUTE)
_ROOT: Final = isqrt(PARTS)
"""A share is divided in two steps of so many parts, since good x `PARTS` would not fit 64 bits."""


@dataclass(frozen=True, slots=True)
class Slices:
    """How long a slice is, and which share of its events must be good in it; None where no slice is judged by a share of its own.

    Slices begin at whole multiples of their length since the epoch. Raises `InvalidValue` for a target outside (0, 1].
    """

    target: Decimal | None = None
    window: Window = _MINUTE

    def __post_init__(self) -> None:
        if self.target is not None and not (self.target.is_finite() and 0 < self.target <= 1):
            raise InvalidValue(f"a slice's target lies between 0 and 1, such as 0.95; not {self.target}")

    def misfit(self, window: TimeWindow) -> str:
        """Why its slices can't be counted over a window; empty where they can."""
        if self.window.seconds > window.seconds:
            return f"a slice of {self.window} is longer than the window of {window}"
        if self.window.seconds % window.width:
            kept = Window(window.width)
            return f"a slice over {window} is a multiple of {kept}, in which counts are kept then; not {self.window}"
        return ""


def bad_slices(good: IntArray, total: IntArray, target: Decimal) -> BoolArray:
    """Which slices miss their target: good / total < target, exactly. One without events is good."""
    return exceeds(total - good, total, 1 - Fraction(target))


def slice_parts(good: IntArray, total: IntArray) -> IntArray:
    """Each slice's share of good events in `PARTS`, rounded down; 0 without events. Exact up to 9 x 10**12 events a slice."""
    events = np.maximum(total, 1)
    first, rest = np.divmod(good * _ROOT, events)
    parts: IntArray = first * _ROOT + rest * _ROOT // events
    return parts
