"""Embedded metrics' way out: lines made when counts are sealed, kept while their receiver is away; when too many wait, the oldest go."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from typing import Final

from .. import names
from ..clock import Clock
from ..config.config import EmfConfig
from ..counts.point import Point
from ..health import Health
from ..identity import Resource
from ..logs.about import about
from ..redaction.redactor import Redactor
from .lines import Directive, red_lines
from .way import TooLarge, Way, way

MOST_WAITING: Final = 4_000_000
"""Characters of lines that may wait: some minutes of a busy service."""
RETRY_SECONDS: Final = 5.0
LONGEST_WRITE: Final = 1.0
SIGNAL: Final = "emf"

_SETS: Final = (
    (names.SERVICE_NAME,),
    (names.SERVICE_NAME, names.DEPLOYMENT_ENVIRONMENT),
    (names.SERVICE_NAME, names.METHOD, names.ROUTE),
)
"""The sets of dimensions that CloudWatch keeps: each combination of values is a metric of its own, and costs as one."""

_log = logging.getLogger("fournines.instrumentation")


class EmfExport:
    """The outlet of one application's embedded metrics. Lines leave in order; what leaves is not said again."""

    def __init__(self, config: EmfConfig, to: Way, redactor: Redactor, clock: Clock, health: Health) -> None:
        self._directive = Directive(config.namespace, _SETS, config.log_group)
        self._way, self._redactor, self._clock, self._health = to, redactor, clock, health
        self._lines: deque[str] = deque()
        self._characters = 0
        self._not_before = float("-inf")
        self._complained = False

    @property
    def waiting(self) -> int:
        """Lines not written yet."""
        return len(self._lines)

    def sealed(self, resource: Resource, end: float, points: Sequence[Point], boundaries: Sequence[float]) -> None:
        """Makes the lines of one flush."""
        fields = {name: self._redactor.text(value) for name, value in about(resource).items()}
        for line in red_lines(self._directive, fields, end, points, boundaries):
            self._lines.append(line)
            self._characters += len(line)
        while self._characters > MOST_WAITING:
            self._drop()

    def push(self, resource: Resource, until: float, *, impatient: bool = False) -> float:
        """Writes what waits, until one can't be written; nothing is due while nothing waits."""
        if impatient or self._clock.steady() >= self._not_before:
            self._write(until)
        return self._not_before if self._lines else float("inf")

    def _write(self, until: float) -> None:
        while self._lines and (left := until - self._clock.steady()) > 0:
            try:
                self._way.write(self._lines[0], min(left, LONGEST_WRITE))
            except TooLarge:
                self._drop()
                continue
            except OSError as error:
                self._failed(error)
                return
            self._not_before = float("-inf")
            self._complained = False
            self._characters -= len(self._lines.popleft())

    def close(self) -> None:
        """Lets go of the connection; what could not be written by now is lost, and counted."""
        self._way.close()
        while self._lines:
            self._drop()

    def forget(self) -> None:
        """Begins anew in a forked child."""
        self._lines.clear()
        self._characters = 0
        self._not_before, self._complained = float("-inf"), False
        self._way.close()

    def _drop(self) -> None:
        self._characters -= len(self._lines.popleft())
        self._health.add(names.PROM_DROPPED_EMF)

    def _failed(self, error: OSError) -> None:
        self._health.add(names.PROM_EXPORT_FAILURES, SIGNAL)
        self._not_before = self._clock.steady() + RETRY_SECONDS
        if not self._complained:
            self._complained = True
            _log.warning("embedded metrics can't be written now (%s); they wait, and are written again", error)


def emf_export(config: EmfConfig, redactor: Redactor, clock: Clock, health: Health) -> EmfExport | None:
    """The outlet that a configuration asks for; None where embedded metrics are off."""
    to = way(config.address) if config.address else None
    return None if to is None else EmfExport(config, to, redactor, clock, health)
