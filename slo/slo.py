"""The promise itself: one service, one indicator, one objective over one window, and who is told when it burns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from .burn import WORKBOOK, BurnRule
from .errors import InvalidValue, Place
from .objective import Objective
from .sli import SLI
from .window import DAY, Window

MIN_BAD_EVENTS: Final = 3
"""The low-traffic guard: fewer bad events than this in its long window never page."""

DEFAULT_WINDOW: Final = Window(30 * DAY)


class NoData(Enum):
    """What a silent service's unseen events are: failed, fine, or not events."""

    BAD = "bad"
    GOOD = "good"
    IGNORE = "ignore"


class Method(Enum):
    """OpenSLO's budgeting methods, by their names there."""

    OCCURRENCES = "Occurrences"


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

    `provider` is who made the promise where another service sends its events: a caller, in SLIs of kind CLIENT. `place` is where a file
    declares it; two SLOs that differ only there are equal.
    """

    name: str
    sli: SLI
    objective: Objective
    window: Window = DEFAULT_WINDOW
    method: Method = Method.OCCURRENCES
    rules: tuple[BurnRule, ...] = WORKBOOK
    min_bad_events: int = MIN_BAD_EVENTS
    no_data: NoData = NoData.IGNORE
    origin: Origin = Origin.FILE
    display_name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    annotations: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    provider: str = ""
    place: Place | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise InvalidValue("an SLO has a name")
        if self.min_bad_events < 1:
            raise InvalidValue(f"minBadEvents is 1 or more, not {self.min_bad_events}")

    @property
    def service(self) -> str:
        """The service that made the promise."""
        return self.provider or self.sli.service

    @property
    def windows(self) -> frozenset[Window]:
        """Every window its evaluation needs: the budget's own and those of its rules."""
        return frozenset({self.window, *(w for rule in self.rules for w in (rule.long, rule.short))})
