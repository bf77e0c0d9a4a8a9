"""Card numbers in text and numbers, found by their form and their check digit.

A card number has 13 to 19 digits, in one piece or in groups with up to three spaces or dashes between, a first digit from 2 to 9,
and Luhn's check digit (ISO/IEC 7812-1). First digits 0 and 1 are left alone: no scheme that people pay by begins so, and every
time since 2001 in milliseconds, microseconds or nanoseconds does. One number in ten that looks like a card and is none is taken
for one.

Digits within a longer run, after a decimal point, or within a UUID or a hexadecimal id of a usual length are no card number.
"""

from __future__ import annotations

from typing import Final

REDACTED: Final = "REDACTED"
"""What stands in the place of what was taken out, as the semantic conventions for URLs say it."""

SHORTEST: Final = 13
LONGEST: Final = 19
"""Digits of a card number."""

WIDEST_GAP: Final = 3
"""Spaces or dashes between two groups of its digits."""

WIDEST_ID: Final = 64
"""Digits and dashes of the longest id that is looked for around a number."""
