"""How the events of an SLO are cut into slices."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ...slo import DAY, SLO, Method, TimeWindow


class Slicing(NamedTuple):
    """Slices of `length` seconds, bad below `target`, or counted by their shares where there is none.

    They are asked for as far back as `longest` seconds, and made of buckets of `width` seconds.
    """

    length: int
    target: Decimal | None
    longest: int
    width: int


def slicing_of(slo: SLO, member: SLO, window: TimeWindow) -> Slicing:
    """How a member of a composite is cut, or the SLO itself: by the SLO's length, and by the member's own target.

    It is asked about in the SLO's windows, and in `window`, which may be that of a composite of other SLOs.
    """
    assert slo.slices is not None, "its method counts slices"
    if slo.method is Method.RATIO_TIMESLICES:
        target = None
    else:
        target = member.slices.target if member.slices and member.slices.target else member.objective.target
    windows = slo.windows | {window}
    longest = max(each.seconds for each in windows) + DAY
    return Slicing(slo.slices.window.seconds, target, longest, max(each.width for each in windows))
