"""Who had a part in bad events: a cause (route, status, error type, version), and beside it an instance."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from ...slo import DAY, HOUR, MINUTE, Attribute, Attributes
from ...slo.classify import ERROR_TYPE, ROUTE_KEYS, STATUS_CODE_KEYS, first_of
from ..names import SERVICE_INSTANCE, SERVICE_VERSION
from ..redaction import without_sensitive
from ..senders.senders import OVERFLOW

KEPT: Final = {MINUTE: 3 * DAY, HOUR: 35 * DAY}
"""Seconds that rows of each width are kept, and at most an hour longer."""

LONGEST: Final = 200
"""Characters kept of each text."""


def minutes_from(now: float) -> int:
    """The full hour from which on contributors are kept by the minute at least; before it, by the hour."""
    return -(-int(now - KEPT[MINUTE]) // HOUR) * HOUR


class Breakdown(IntEnum):
    """By what bad events are told apart."""

    CAUSE = 0
    INSTANCE = 1


class Contributor(NamedTuple):
    """What some bad events had in common; a field is empty where they said nothing, or where the breakdown does not ask."""

    breakdown: Breakdown
    route: str = ""
    status: str = ""
    error: str = ""
    version: str = ""
    instance: str = ""

    @property
    def is_other(self) -> bool:
        """Whether this stands for all that were not kept by name."""
        return OVERFLOW in (self.route, self.instance)


OTHER: Final = {
    Breakdown.CAUSE: Contributor(Breakdown.CAUSE, route=OVERFLOW),
    Breakdown.INSTANCE: Contributor(Breakdown.INSTANCE, instance=OVERFLOW),
}


class Attribution:
    """What failed events are told under: a cause and an instance. Each is equal to itself alone, so that comparing costs nothing."""

    __slots__ = ("contributors",)

    def __init__(self, contributors: tuple[Contributor, Contributor]) -> None:
        self.contributors = contributors

    @classmethod
    def under(cls, labels: Attributes, resource: Attributes) -> Attribution:
        """What failed events with these attributes are told under."""
        return cls(_contributors(labels, resource))


def _contributors(labels: Attributes, resource: Attributes) -> tuple[Contributor, Contributor]:
    instance = Contributor(Breakdown.INSTANCE, instance=as_told(resource.get(SERVICE_INSTANCE)))
    if OVERFLOW in labels:  # an attribute set there was no room for
        return OTHER[Breakdown.CAUSE], instance
    status, error = first_of(labels, STATUS_CODE_KEYS), labels.get(ERROR_TYPE)
    route, version = first_of(labels, ROUTE_KEYS), resource.get(SERVICE_VERSION)
    return Contributor(Breakdown.CAUSE, as_told(route), as_told(status), as_told(error), as_told(version)), instance


@lru_cache(4_096, typed=True)
def as_told(value: Attribute | None) -> str:
    """A text as it is kept and told: cut where it is long, and without what looks like a secret."""
    return "" if value is None else without_sensitive(str(value)[:LONGEST])
