"""The objective: which share of events must be good. An exact decimal, because 1 - 0.9999 is not 0.0001 in floating point."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, Overflow
from fractions import Fraction
from typing import Final

from .errors import InvalidValue

MAX_DECIMALS: Final = 30
"""Far beyond any promise, and a bound to what exact arithmetic may cost."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A target strictly between 0 and 1, kept as written (`0.9999` stays `0.9999`). Raises `InvalidValue` otherwise.

    A target of 1 allows nothing and can't be burnt at any rate, so it is refused (SRE Workbook, chapter 2).
    """

    target: Decimal

    def __post_init__(self) -> None:
        if not self.target.is_finite() or not 0 < self.target < 1:
            raise InvalidValue(f"a target lies between 0 and 1, both excluded, such as 0.9999; not {self.target}")
        if -int(self.target.as_tuple().exponent) > MAX_DECIMALS:
            raise InvalidValue(f"a target has at most {MAX_DECIMALS} decimals")

    @classmethod
    def parse(cls, text: str) -> Objective:
        """Reads `0.9999` or `99.99%`, exactly."""
        percent = text.strip().endswith("%")
        try:
            number = Decimal(text.strip().removesuffix("%").strip())
            return cls(number.scaleb(-2) if percent else number)
        except (InvalidOperation, Overflow):
            raise InvalidValue(f"{text!r} is no number; write 0.9999 or 99.99%") from None

    @property
    def allowed(self) -> Fraction:
        """The share of events that may be bad: 1 - target, exactly."""
        return 1 - Fraction(self.target)

    def __str__(self) -> str:
        """Its exact text, never in exponent form."""
        return format(self.target, "f")
