"""What keeps an alert from being told for now, asked by who tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from ..alert import Alert, Subject
from ..names import LABEL_SLO

LABEL_KIND: Final = "kind"
"""What patterns know an alert's kind by: `page`, `ticket`, `no_data`, ..."""


class Hold(NamedTuple):
    """Nobody is told before `until` (epoch seconds); `reason` says why, by whom and until when, in words."""

    reason: str
    until: float


class Holder(Protocol):
    """Whoever may keep alerts from being told."""

    def holding(self, alert: Alert, now: float) -> Hold | None:
        """What holds an alert at `now` (epoch seconds), the longest where there are several; None where nothing does."""
        ...


class NobodyHolds:
    """Nothing is ever held; also the fake of tests."""

    def holding(self, alert: Alert, now: float) -> Hold | None:
        """Nothing."""
        del alert, now
        return None


def seen(alert: Alert) -> Mapping[str, str]:
    """The labels that patterns see: an alert's own, and its kind.

    An alert that concerns a whole service is labelled with its strictest SLO, but no silence of that one SLO is meant to hide it.
    """
    known = {**alert.labels, LABEL_KIND: alert.key.kind.value}
    return known if alert.key.kind.subject is Subject.SLO else {**known, LABEL_SLO: ""}


def longest(holds: list[Hold]) -> Hold | None:
    """The one that ends last."""
    return max(holds, key=lambda hold: hold.until, default=None)
