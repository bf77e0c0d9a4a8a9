"""Lines of JSON: one object a line, whatever was logged, with the trace and the service it belongs to.

    {"timestamp": "2026-11-23T01:08:49.123456Z", "severity": "ERROR", "message": "declined", "logger": "payments.api",
     "trace_id": "6a...", "span_id": "b7...", "xray_trace_id": "1-6a...-...", "service.name": "payments", "service.version": "1.4.2",
     "deployment.environment.name": "production", "deployment.id": "42", "exception.type": "ValueError", ..., "order": 17}

What was given as `extra` (or to structlog) stands beside these; where it has one of their names, as `field.<name>`. Keys are unique, text
is ASCII (anything else escaped, which is the same JSON), no value is a NaN, and no line is longer than its parts are bounded to.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from .. import names
from ..config.config import read_config
from .about import about, speaker
from .entry import LogEntry, entry_of
from .values import Plain

if TYPE_CHECKING:
    from ..health import Health
    from ..redaction.redactor import Redactor

MOST_FIELDS: Final = 128
"""Fields of the application's in one line; how many were left out is said in `fields_left_out`."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=repr)


class JsonLines:
    """Writes what was logged as JSON.

    `attributes` are the resource's, `redactor` takes secrets out: as instrumented, and by the usual rules, unless they are given.
    """

    def __init__(
        self,
        attributes: Mapping[str, str | int] | None = None,
        redactor: Redactor | None = None,
        health: Health | None = None,
    ) -> None:
        self._about = None if attributes is None else about(attributes)
        self._redactor = redactor
        self._health = health

    def line(self, entry: LogEntry) -> str:
        """One line, without its end. Never raises: of what can't be said, the line says just that."""
        try:
            return _ENCODER.encode(self._object(entry))
        except Exception as error:  # noqa: BLE001 - a log line must not hurt who writes it
            return self.excuse(entry.level, entry.logger, error)

    def excuse(self, level: str, logger: str, error: Exception) -> str:
        """The line that stands for one that can't be written; nothing of its content is in it."""
        if self._health is not None:
            self._health.add(names.PROM_ERRORS, "logs")
        text = f"<a log line that can't be written: {type(error).__name__}>"
        return _ENCODER.encode({"severity": str(level).upper(), "message": text, "logger": str(logger)})

    def _object(self, entry: LogEntry) -> dict[str, Any]:
        message, fields = entry.told(self._redactor or usual_redactor())
        said: dict[str, Plain] = {
            "timestamp": timestamp(entry.at),
            "severity": entry.level.upper(),
            "message": message,
            "logger": entry.logger,
        }
        if entry.ids is not None:
            said |= {"trace_id": entry.ids.trace_id, "span_id": entry.ids.span_id, "xray_trace_id": entry.ids.xray}
        said |= self._about if self._about is not None else speaker()
        return _beside(said, fields)


class JsonFormatter(logging.Formatter):
    """The standard library's formatter for `JsonLines`, for any handler.

    By `dictConfig`: `{"()": "fournines.instrumentation.JsonFormatter"}`.
    """

    def __init__(
        self,
        attributes: Mapping[str, str | int] | None = None,
        redactor: Redactor | None = None,
        health: Health | None = None,
    ) -> None:
        super().__init__()
        self._lines = JsonLines(attributes, redactor, health)

    def format(self, record: logging.LogRecord) -> str:
        """One line; never raises."""
        try:
            entry = entry_of(record)
        except Exception as error:  # noqa: BLE001 - as with `JsonLines.line`
            return self._lines.excuse(record.levelname, record.name, error)
        return self._lines.line(entry)


def timestamp(at: float) -> str:
    """Epoch seconds as ISO 8601 in UTC, with microseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


@cache
def usual_redactor() -> Redactor:
    """What takes secrets out where nobody said how: the rules of the environment, counted nowhere."""
    from ..redaction.redactor import Redactor

    return Redactor(read_config().redaction)


def _beside(said: dict[str, Plain], fields: Mapping[str, Plain]) -> dict[str, Plain]:
    """What is ours, and the application's fields beside it; none of theirs takes the place of one of ours."""
    ours = frozenset(said)
    for number, (key, value) in enumerate(fields.items()):
        if number == MOST_FIELDS:
            said["fields_left_out"] = len(fields) - MOST_FIELDS
            break
        said[f"field.{key}" if key in ours else key] = value
    return said
