"""The promise itself: one service, one indicator, one objective over one window, and who is told when it burns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from .burn import WORKBOOK, BurnRule
from .calendar_window import TimeWindow
from .composite import Rule
from .correction import Correction
from .errors import InvalidValue, Place
from .objective import Objective
from .sli import PROMQL, SLI, SLOS
from .slices import Slices
from .unit import Unit
from .window import DAY, Window

MIN_BAD_EVENTS: Final = 3
"""The low-traffic guard: fewer bad events than this in its long window never page. Of slices one is enough."""

MAX_GROUPS: Final = 100

_BY_METHOD: Final = -1

_MOST_BAD_EVENTS: Final = 1_000_000
"""Of slices, counted in parts, as many still fit 64 bits."""

DEFAULT_WINDOW: Final = Window(30 * DAY)


class NoData(Enum):
    """What a silent service's unseen events are: failed, fine, or not events."""

    BAD = "bad"
    GOOD = "good"
    IGNORE = "ignore"


class Method(Enum):
    """OpenSLO's budgeting methods, by their names there."""

    OCCURRENCES = "Occurrences"
    TIMESLICES = "Timeslices"
    RATIO_TIMESLICES = "RatioTimeslices"


class Origin(Enum):
    """Where an SLO was declared."""

    FILE = "file"
    AUTOMATIC = "automatic"
    DECLARED = "declared"
    """By the service itself, in its code."""


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SLO:
    """One promise. `name` is unique in a collector. `labels` travel to rules and pages; `annotations` (runbook, ...) to pages.

    `more_windows` are budgets beside that of `window`, which nobody is told of. `slices` are those of the methods that count them.
    `depends_on` names SLOs it can't do without: while they page, it does not. With `group_by`, attribute names, every combination of values
    heard is an SLO like this, up to `max_groups`; these say in `group_of` whose groups they are. `min_bad_events` is 3 for events, 1 for
    slices, where nothing is said.
    `provider` is who made the promise where another service sends its events: a caller, in SLIs of kind CLIENT. `place` is where a file
    declares it; two SLOs that differ only there are equal. Raises `InvalidValue` for what does not go together.
    """

    name: str
    sli: SLI
    objective: Objective
    window: TimeWindow = DEFAULT_WINDOW
    method: Method = Method.OCCURRENCES
    rules: tuple[BurnRule, ...] = WORKBOOK
    min_bad_events: int = _BY_METHOD
    no_data: NoData = NoData.IGNORE
    origin: Origin = Origin.FILE
    display_name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    annotations: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    provider: str = ""
    place: Place | None = field(default=None, compare=False)
    more_windows: tuple[TimeWindow, ...] = ()
    slices: Slices | None = None
    corrections: tuple[Correction, ...] = ()
    depends_on: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    max_groups: int = MAX_GROUPS
    group_of: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise InvalidValue("an SLO has a name")
        if self.min_bad_events == _BY_METHOD:
            object.__setattr__(self, "min_bad_events", MIN_BAD_EVENTS if self.unit is Unit.EVENTS else 1)
        if not 1 <= self.min_bad_events <= _MOST_BAD_EVENTS:
            raise InvalidValue(f"minBadEvents is from 1 to {_MOST_BAD_EVENTS:,}, not {self.min_bad_events:,}")
        if self.max_groups < 1:
            raise InvalidValue(f"an SLO has 1 group or more, not {self.max_groups}")
        if len({str(window) for window in self.windows}) < len(self.windows):
            twice = _twice(map(str, self.windows))
            raise InvalidValue(
                f"two of its windows are both written {twice}: change one, be it the budget's, a further one or a burn rule's"
            )
        if self.group_by and self.sli.signal in (SLOS, PROMQL):
            raise InvalidValue(f"groups are of events that come in, and those of the signal {self.sli.signal} do not")
        self._check_method()

    def _check_method(self) -> None:
        composite, sliced = self.sli.composite, self.method is not Method.OCCURRENCES
        if composite is not None:
            fits = Method.OCCURRENCES if composite.rule is Rule.WEIGHTED else Method.TIMESLICES
            if self.method is not fits:
                raise InvalidValue(f"the method of a composite of {composite.rule.value} is {fits.value}")
        if (self.slices is not None) != sliced:
            raise InvalidValue(f"the method {self.method.value} has {'slices' if sliced else 'no slices'}")
        if self.slices is not None:
            judged = self.method is Method.TIMESLICES and composite is None
            if (self.slices.target is not None) != judged:
                raise InvalidValue("slices have a target where the method is Timeslices and the SLI no composite")
            if misfit := next(filter(None, map(self.slices.misfit, sorted(self.windows))), ""):
                raise InvalidValue(misfit)

    @property
    def service(self) -> str:
        """The service that made the promise."""
        return self.provider or self.sli.service

    @property
    def keys(self) -> frozenset[str]:
        """Every attribute it asks of an event: two events that agree on these count alike."""
        return self.sli.keys | set(self.group_by)

    @property
    def unit(self) -> Unit:
        """What its good and total are numbers of."""
        composite, queries = self.sli.composite, self.sli.promql
        if self.method is Method.TIMESLICES:
            return Unit.SLICES
        shared = composite is not None or (queries is not None and bool(queries.raw))
        return Unit.PARTS if shared or self.method is Method.RATIO_TIMESLICES else Unit.EVENTS

    @property
    def guard(self) -> int:
        """Below so many bad ones, in its unit, no page."""
        return self.min_bad_events * self.unit.one if self.method is Method.RATIO_TIMESLICES else self.min_bad_events

    @property
    def windows(self) -> frozenset[TimeWindow]:
        """Every window its evaluation needs: its budgets' and those of its rules."""
        return frozenset(
            {self.window, *self.more_windows, *(w for rule in self.rules for w in (rule.long, rule.short))}
        )


def _twice(texts: Iterable[str]) -> str:
    return next(text for text, times in Counter(texts).items() if times > 1)
