"""How far senders' clocks are off, as far as their exports tell."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import numpy as np
from prometheus_client import Gauge

from ...slo import HOUR
from ...slo.sli import NANOSECONDS
from ..columns import IntColumn, nanoseconds
from .origin import SenderOrigin
from .senders import SenderKey

WARN_ABOVE: Final = 30.0
MOST_SHOWN: Final = 1_000

_LOG: Final = logging.getLogger("fournines.collector")


class Clocks:
    """Each sender's skew: seconds from the newest end in its export to its reception; negative when its clock is ahead."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._shown: dict[SenderKey, Gauge] = {}
        self._read: dict[SenderKey, float] = {}
        self._warned: set[SenderKey] = set()

    def read(self, origins: Sequence[SenderOrigin], resource: IntColumn, end: IntColumn, received: float) -> None:
        """Takes the skews of the senders of one request."""
        for origin, last in zip(origins, _newest(len(origins), resource, end), strict=True):
            if last:
                self._show(origin.sender, (nanoseconds(received) - last) / NANOSECONDS, received)

    def expire(self, now: float) -> None:
        """Shows senders no more that have sent nothing for an hour: every release brings new ones."""
        for sender in [sender for sender, read in self._read.items() if abs(now - read) > HOUR]:
            del self._read[sender]
            self._warned.discard(sender)
            if self._shown.pop(sender, None) is not None:
                self._gauge.remove(*sender)

    def _show(self, sender: SenderKey, skew: float, received: float) -> None:
        shown = self._shown.get(sender)
        if shown is None and len(self._shown) < MOST_SHOWN:
            shown = self._shown[sender] = self._gauge.labels(*sender)
        if shown is not None:
            shown.set(skew)
            self._read[sender] = received
        if abs(skew) <= WARN_ABOVE:
            self._warned.discard(sender)
        elif sender in self._read and sender not in self._warned:
            self._warned.add(sender)
            side = "behind" if skew > 0 else "ahead of"
            _LOG.warning("what %s (%s) sends is %.0f s %s the collector's clock", *sender, abs(skew), side)


def _newest(origins: int, resource: IntColumn, end: IntColumn) -> list[int]:
    """The newest end of each; 0 where there is none."""
    if origins == 1:
        return [int(end.max(initial=0))]
    newest = np.zeros(origins, np.int64)
    np.maximum.at(newest, resource, end)
    return newest.tolist()
