"""An SLO that an engine is asked about, and what is known of it: its counts, since when there are data, and when the last came."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ...slo import PROMQL, SLO, SLOS, EventCount, Interval, Origin, Queries, TimeWindow, metric_names
from .questions import Numbers

NEVER: Final = -1
"""Since when there are data of which there are none."""

_LONGEST_PAUSE: Final = 300.0
_PAUSES: Final = 360
"""How many times a window's length its counts are asked for anew, at least every `_LONGEST_PAUSE` seconds: a page's within ten seconds."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an engine said of an SLO. `asked` is when each window was asked for; `refusal` why its queries are refused, `unanswered` why
    they alone have no answer; `taken_out` what the queries count in corrected time that lies whole within a window, and changes no more.
    """

    counts: Mapping[TimeWindow, EventCount] = field(default_factory=lambda: MappingProxyType({}))
    asked: Mapping[TimeWindow, float] = field(default_factory=lambda: MappingProxyType({}))
    since: int = NEVER
    since_asked: float = -math.inf
    heard: float = math.nan
    refusal: str = ""
    unanswered: str = ""
    taken_out: Mapping[Interval, Numbers] = field(default_factory=lambda: MappingProxyType({}))

    def is_due(self, window: TimeWindow, now: float, interval: float) -> bool:
        """Whether a window's counts have become old: what holds much time changes slowly, and costs an engine most."""
        held = window.seconds if self.since == NEVER else min(window.seconds, now - self.since)
        pause = min(_LONGEST_PAUSE, max(interval, held / _PAUSES))
        # Half an interval early is better than a whole one late; a clock that was ahead puts nothing off.
        return abs(now - self.asked.get(window, -math.inf)) >= pause - interval / 2


def queries_of(slo: SLO, *, counted_elsewhere: bool) -> Queries | None:
    """What is asked of an SLO: its own queries; or where other collectors count, what these wrote of it. None for what is not asked."""
    if slo.sli.signal == PROMQL:
        return slo.sli.promql
    if not counted_elsewhere or slo.origin is not Origin.FILE or slo.sli.signal == SLOS:
        return None
    named = f'slo="{slo.name}"'  # what a file can hold as a name needs no escapes
    bad = f'{metric_names.EVENTS}{{{named},{metric_names.RESULT}="{metric_names.BAD}"}}'
    return Queries(bad=bad, total=f"{metric_names.EVENTS}{{{named}}}", counter=True)
