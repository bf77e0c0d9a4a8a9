"""One thing that was logged, whoever logged it: taken where it happened, said later as a line of JSON or as a record of OTLP."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import hexdigits
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from .. import names
from ..errorname import error_name
from .ids import Ids, ids_here
from .values import (
    LONGEST_TEXT,
    Plain,
    plain,
    plain_key,
    sayable,
    shortened,
    without_middle,
)

if TYPE_CHECKING:
    from ..redaction.redactor import Redactor

NO_ID: Final = "0"
"""What stands in a plain format outside of spans, as with OpenTelemetry's own correlation."""
MARKS: Final = ("otelTraceID", "otelSpanID", "otelTraceSampled", "otelServiceName", "xrayTraceID")
"""Attributes that `logs_plain` (and OpenTelemetry's own instrumentation) puts on the standard library's records."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | frozenset(MARKS) | {
    "message", "asctime", "taskName", "color_message", "_logger", "_name", "_record", "_from_structlog",
}  # fmt: skip
"""Attributes of a record that are no fields of the application's."""

_LATEST: Final = 1e10
"""Epoch seconds beyond which no clock goes in earnest."""
_LONGEST_STACK: Final = 4 * LONGEST_TEXT


class Thrown:
    """An exception that was logged: its type, its message, and a stack trace that is written when it is asked for.

    Neither the exception nor its frames are held.
    """

    __slots__ = ("_trace", "message", "type")

    def __init__(self, raised: BaseException, trace: TracebackType | None) -> None:
        self.type = error_name(raised)
        self.message = str(plain(_text_of(raised)))
        self._trace = traceback.TracebackException(type(raised), raised, trace, lookup_lines=False, compact=True)

    def stack(self) -> str:
        """The trace as Python prints it."""
        return without_middle(sayable("".join(self._trace.format())), _LONGEST_STACK)


@dataclass(slots=True)
class LogEntry:
    """What was logged. `at`: epoch seconds; `number`: as `logging` counts levels; `fields`: plain values that are not redacted yet.

    `place`: file, line and function, where they are to be told.
    """

    at: float
    level: str
    number: int
    message: Plain
    logger: str
    ids: Ids | None
    fields: dict[str, Plain] = field(default_factory=dict)
    thrown: Thrown | None = None
    place: tuple[str, int, str | None] | None = None

    def told(self, redactor: Redactor) -> tuple[Plain, dict[str, Plain]]:
        """(message, fields) as they may leave the process; an exception stands among the fields. Raises what the redactor raises."""
        told = dict(redactor.attributes(self._ours() | self.fields))
        if isinstance(stack := told.get(names.EXCEPTION_STACKTRACE), str):
            told[names.EXCEPTION_STACKTRACE] = without_middle(stack, LONGEST_TEXT)
        return shortened(redactor.value(self.message)), {key: shortened(value) for key, value in told.items()}

    def _ours(self) -> dict[str, Plain]:
        """What is told of the place and of the exception."""
        ours: dict[str, Plain] = {}
        if self.thrown is not None:
            ours[names.EXCEPTION_TYPE], ours[names.EXCEPTION_MESSAGE] = self.thrown.type, self.thrown.message
            ours[names.EXCEPTION_STACKTRACE] = self.thrown.stack()
        if self.place is not None:
            path, line, function = self.place
            ours[names.CODE_FILE_PATH], ours[names.CODE_LINE_NUMBER] = plain(path), plain(line)
            if function is not None:
                ours[names.CODE_FUNCTION_NAME] = plain(function)
        return ours


def entry_of(record: logging.LogRecord) -> LogEntry:
    """What a record of the standard library says. One whose arguments don't fit its text says both; a map as message is fields."""
    fields = {plain_key(key): plain(value) for key, value in vars(record).items() if key not in _STANDARD}
    thrown = thrown_by(record.exc_info)
    if isinstance(record.msg, Mapping) and not record.args:
        fields = {plain_key(key): plain(value) for key, value in record.msg.items() if key != "exc_info"} | fields
        thrown = thrown or thrown_by(record.msg.get("exc_info"))
        message: Plain = fields.pop("event", None) or fields.pop("message", None) or ""
    else:
        message = _message(record, fields)
    if record.stack_info:
        fields[names.CODE_STACKTRACE] = plain(record.stack_info)
    level, logger = sayable(str(record.levelname)), sayable(str(record.name))
    # Records also come from afar (`makeLogRecord`), with anything where numbers belong.
    number: Any = record.levelno
    at: Any = record.created
    number = number if isinstance(number, int) else logging.NOTSET
    at = at if isinstance(at, float) and 0.0 <= at < _LATEST else 0.0
    return LogEntry(at, level, number, message, logger, _ids(record), fields, thrown)


def thrown_by(exc_info: Any) -> Thrown | None:
    """What `exc_info` speaks of: an exception, the three of `sys.exc_info()`, or true for the one being handled."""
    if not exc_info:
        return None
    if isinstance(exc_info, BaseException):
        return Thrown(exc_info, exc_info.__traceback__)
    if not isinstance(exc_info, tuple):
        exc_info = sys.exc_info()
    raised = exc_info[1] if len(exc_info) > 1 else None
    if not isinstance(raised, BaseException):
        return None
    return Thrown(raised, exc_info[2] if len(exc_info) > 2 else raised.__traceback__)


def _message(record: logging.LogRecord, fields: dict[str, Plain]) -> Plain:
    try:
        return plain(record.getMessage())
    except Exception:  # noqa: BLE001 - arguments that don't fit, or an object that can't say what it is
        fields["args"] = plain(record.args)
        return plain(record.msg)


def _ids(record: logging.LogRecord) -> Ids | None:
    # A record may be formatted by another thread than the one that made it: what was noted at its birth counts.
    trace_id, span_id = getattr(record, "otelTraceID", NO_ID), getattr(record, "otelSpanID", NO_ID)
    if _is_id(trace_id, 32) and _is_id(span_id, 16):
        return Ids(int(trace_id, 16), int(span_id, 16), bool(getattr(record, "otelTraceSampled", False)))
    return ids_here()


def _is_id(said: object, digits: int) -> bool:
    return isinstance(said, str) and len(said) == digits and all(each in hexdigits for each in said)


def _text_of(raised: BaseException) -> str:
    try:
        return str(raised)
    except Exception:  # noqa: BLE001 - an exception of the application that can't say what happened
        return f"<{type(raised).__name__} that can't be said>"
