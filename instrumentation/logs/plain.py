"""Correlation for formats of one's own: every record of the standard library knows the trace it belongs to.

The attributes are those of OpenTelemetry's own instrumentation of `logging`: `otelTraceID`, `otelSpanID` ("0" outside of spans),
`otelTraceSampled`, `otelServiceName`; and `xrayTraceID`, so that `AWS-XRAY-TRACE-ID: %(xrayTraceID)s@%(otelSpanID)s` is what X-Ray's
console looks for. https://opentelemetry-python-contrib.readthedocs.io/en/latest/instrumentation/logging/logging.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from .. import names
from ..health import Health
from .about import speaker
from .entry import NO_ID
from .ids import ids_here


class CorrelationFilter(logging.Filter):
    """Lets every record pass, with the ids of its trace on it. For a handler; `service` as instrumented, unless it is given."""

    def __init__(self, service: str | None = None) -> None:
        super().__init__()
        self._service = service

    def filter(self, record: logging.LogRecord) -> bool:
        """True; never raises."""
        mark(record, self._service)
        return True


def mark(record: logging.LogRecord, service: str | None = None, health: Health | None = None) -> None:
    """Puts the ids of the current span on a record. Never raises."""
    marks = vars(record)
    marks["otelTraceID"] = marks["otelSpanID"] = marks["xrayTraceID"] = NO_ID
    marks["otelTraceSampled"], marks["otelServiceName"] = False, ""
    try:
        marks["otelServiceName"] = service or speaker().get(names.SERVICE_NAME, "")
        if ids := ids_here():
            marks["otelTraceID"], marks["otelSpanID"] = ids.trace_id, ids.span_id
            marks["otelTraceSampled"], marks["xrayTraceID"] = ids.sampled, ids.xray
    except Exception:  # noqa: BLE001 - somebody else's span may stand in the context; and logging that would end here again
        if health is not None:
            health.add(names.PROM_ERRORS, "logs")


def correlate(health: Health | None = None) -> Callable[[], None]:
    """Marks every record from now on, where it is made; returned is what ends it. Doing it twice is doing it once."""
    before = logging.getLogRecordFactory()
    if isinstance(before, _Marking):
        return _nothing
    marking = _Marking(before, health)
    logging.setLogRecordFactory(marking)
    return marking.end


class _Marking:
    """A record factory around another one."""

    def __init__(self, before: Callable[..., logging.LogRecord], health: Health | None) -> None:
        self._before, self._health, self._ended = before, health, False

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._before(*args, **kwargs)
        if not self._ended:
            mark(record, health=self._health)
        return record

    def end(self) -> None:
        # Somebody may have wrapped us: then we stay where we are, and do nothing any more.
        self._ended = True
        if logging.getLogRecordFactory() is self:
            logging.setLogRecordFactory(self._before)


def _nothing() -> None:
    """What ends nothing."""
