"""The same lines from structlog: a renderer, a processor that only adds ids, and a configuration made of them.

structlog is imported where this is used, and nowhere else. https://www.structlog.org/en/stable/processors.html
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .. import names
from ..clock import wall
from .entry import LogEntry, thrown_by
from .ids import ids_here
from .json import JsonLines
from .values import plain, plain_key

if TYPE_CHECKING:
    from ..health import Health
    from ..redaction.redactor import Redactor

EventDict = MutableMapping[str, Any]
Processor = Callable[[Any, str, EventDict], Any]
Take = Callable[[Callable[[], LogEntry]], None]
"""Is given what makes an entry; never raises."""
Render = Callable[[Any, str, EventDict], str]

_LEVELS: Final = {"warn": "warning", "exception": "error", "fatal": "critical", "msg": "info", "log": "info"}
_TAKEN: Final = frozenset({"event", "level", "logger", "exc_info", "_record", "_from_structlog"})


class JsonRenderer:
    """structlog's last processor: the event as one line of JSON, a text. Never raises."""

    def __init__(
        self,
        attributes: Mapping[str, str | int] | None = None,
        redactor: Redactor | None = None,
        health: Health | None = None,
        clock: Callable[[], float] = wall,
    ) -> None:
        self._lines = JsonLines(attributes, redactor, health)
        self._clock = clock

    def __call__(self, logger: Any, method: str, event: EventDict) -> str:
        """The line of one event."""
        try:
            entry = entry_of_event(method, event, self._clock())
        except Exception as error:  # noqa: BLE001 - a log line must not hurt who writes it
            return self._lines.excuse(method, "", error)
        return self._lines.line(entry)


def add_ids(logger: Any, method: str, event: EventDict) -> EventDict:
    """A processor for other renderers: `trace_id`, `span_id` and `xray_trace_id` of the current span, where there is one."""
    if ids := ids_here():
        event.update(trace_id=ids.trace_id, span_id=ids.span_id, xray_trace_id=ids.xray)
    return event


def entry_of_event(method: str, event: Mapping[str, Any], now: float) -> LogEntry:
    """What an event of structlog's says. A `timestamp` with its zone is when it was; one that is none stays a field."""
    level = str(plain(event.get("level") or method)).lower()
    level = _LEVELS.get(level, level)
    fields = {plain_key(key): plain(value) for key, value in event.items() if key not in _TAKEN}
    at = _instant(event.get("timestamp"))
    if at is not None:
        del fields["timestamp"]
    if "exception" in fields:
        fields[names.EXCEPTION_STACKTRACE] = fields.pop("exception")
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logger = str(plain(event.get("logger") or ""))
    return LogEntry(
        at or now, level, number, plain(event.get("event", "")), logger, ids_here(), fields, thrown_by(event.get("exc_info"))
    )  # fmt: skip


def configure(render: Render) -> Callable[[], None]:
    """Ends structlog's processors with `render`; returned is what puts them back as they were.

    What adds to events stays; what renders events or exceptions goes. Events that structlog hands to `logging` stay maps, for its
    formatters to render. Loggers that were bound and cached before stay as they are.
    """
    import structlog

    before = structlog.get_config()
    kept = _adding(before["processors"]) if structlog.is_configured() else _usual()
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    if not isinstance(before["logger_factory"], structlog.stdlib.LoggerFactory):
        is_bytes = isinstance(before["logger_factory"], structlog.BytesLoggerFactory)
        last = [show, _Bytes(render) if is_bytes else render]
    made = [*kept, *last]
    structlog.configure(**{**before, "processors": made})

    def end() -> None:
        if structlog.get_config()["processors"] is made:
            structlog.configure(**before)

    return end


def is_configured(render: Render) -> bool:
    """Whether structlog, as it is configured now, ends with this renderer, or hands its events to `logging` as maps."""
    import structlog

    processors = structlog.get_config()["processors"]
    last = processors[-1] if processors else None
    return (
        last is render
        or getattr(last, "render", None) is render
        or last == structlog.stdlib.ProcessorFormatter.wrap_for_formatter
    )


def show_to(take: Take) -> None:
    """Shows somebody else each event that structlog does not hand to `logging`, from now on: the newest who asked."""
    _shown_to[:] = [take]
    if "structlog" not in sys.modules:
        return
    import structlog

    now = structlog.get_config()
    processors = now["processors"]
    if show not in processors and not isinstance(now["logger_factory"], structlog.stdlib.LoggerFactory):
        structlog.configure(**{**now, "processors": [*processors[:-1], show, *processors[-1:]]})


def hide_from(take: Take) -> None:
    """Shows it nothing any more."""
    _shown_to[:] = [each for each in _shown_to if each != take]


def show(logger: Any, method: str, event: EventDict) -> EventDict:
    """The processor that does so. Never raises; the event goes on as it came."""
    for take in _shown_to:
        take(partial(entry_of_event, method, event, wall()))
    return event


_shown_to: Final[list[Take]] = []


def _adding(processors: Sequence[Any]) -> list[Processor]:
    import structlog

    renders = (structlog.processors.ExceptionRenderer, structlog.processors.ExceptionPrettyPrinter)
    return [each for each in processors[:-1] if not isinstance(each, renders) and each is not show]


def _usual() -> list[Processor]:
    import structlog

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.StackInfoRenderer(),
        structlog.dev.set_exc_info,
    ]


class _Bytes:
    def __init__(self, render: Render) -> None:
        self.render = render

    def __call__(self, logger: Any, method: str, event: EventDict) -> bytes:
        return self.render(logger, method, event).encode("ascii")


def _instant(said: object) -> float | None:
    if not isinstance(said, str):
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return None if at.tzinfo is None else at.timestamp()
