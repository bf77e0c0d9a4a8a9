"""The kinds of numbers that a report holds; `document` says how each is written."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final

MOMENT: Final = "moment"
"""Marks whole numbers that are epoch seconds."""

Number = Fraction
"""An exact number: in JSON as near as a double comes."""

Second = Annotated[int, MOMENT]
"""A whole epoch second: in JSON as RFC 3339."""

Amount = Decimal
"""An amount of money, every digit of it: in JSON a text."""
