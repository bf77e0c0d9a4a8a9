"""One SLO in a report."""

from __future__ import annotations

from dataclasses import dataclass

from .number import Number, Second
from .outcome import Outcome


@dataclass(frozen=True, slots=True)
class Cause:
    """What `bad` events had in common; a field is empty where they did not say."""

    route: str
    status: str
    error: str
    version: str
    bad: int


@dataclass(frozen=True, slots=True)
class TakenOut:
    """Time that a correction takes out of a period, `seconds` in all of it, by whom and why."""

    start: Second
    end: Second
    seconds: int
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the trend, such as `2026-10`; `burnt` is the share of its budget that was spent, `unknown` why there is no result."""

    period: str
    ratio: Number | None
    burnt: Number | None
    kept: bool | None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class SloReport:
    """What became of one promise in the time from `start` to `end`, which is the period by the SLO's own time zone.

    It was observed for `observed_seconds` of it. `heard` is when its service reported last, null for never. Where there is no `outcome`,
    `unknown` says why. `causes` are the largest, of the time from `causes_from` on, as far back as they are kept.
    """

    name: str
    service: str
    objective: str
    method: str
    unit: str
    is_availability: bool
    group_of: str
    zone: str
    start: Second
    end: Second
    observed_seconds: int
    heard: Second | None
    outcome: Outcome | None
    unknown: str
    causes: tuple[Cause, ...] = ()
    causes_from: Second | None = None
    corrections: tuple[TakenOut, ...] = ()
    trend: tuple[Month, ...] = ()
