"""What an SLO counts: whole numbers, whatever its method."""

from __future__ import annotations

from enum import Enum
from typing import Final

PARTS: Final = 10**12
"""Parts of one: how finely a share is counted. 400 days of 10-second slices still fit 64 bits."""


class Unit(Enum):
    """What good and total are numbers of: events, slices of time, or parts of a share (of slices, or of a composite's failures)."""

    EVENTS = "events"
    SLICES = "slices"
    PARTS = "parts"

    @property
    def one(self) -> int:
        """How many of them make one: 1, but of parts `PARTS`."""
        return PARTS if self is Unit.PARTS else 1
