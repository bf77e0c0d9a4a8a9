"""How the events of an SLO are cut into slices."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ...slo import DAY, SLO, Method


class Slicing(NamedTuple):
    """Slices of `length` seconds, bad below `target`, or counted by their shares where there is none.

    They are asked for as far back as `longest` seconds, and made of buckets of `width` seconds.
    """

    length: int
    target: Decimal | None
    longest: int
    width: int


def slicing_of(slo: SLO, member: SLO) -> Slicing:
    """How a member of a composite is cut, or the SLO itself: by the SLO's length and windows, and by the member's own target."""
    assert slo.slices is not None, "its method counts slices"
    if slo.method is Method.RATIO_TIMESLICES:
        target = None
    else:
        target = member.slices.target if member.slices and member.slices.target else member.objective.target
    longest = max(window.seconds for window in slo.windows) + DAY
    return Slicing(slo.slices.window.seconds, target, longest, max(window.width for window in slo.windows))
