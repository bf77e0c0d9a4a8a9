"""What one application does with what is logged: its ids in every record, JSON on its consoles, and OTLP by the export thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

from ..clock import Clock
from ..config.logs import LogsConfig
from ..errors import InstrumentationError
from ..health import Health
from ..redaction.redactor import Redactor
from .about import speak_for
from .console import JsonConsole, Undo
from .export import LogExport, MakeWay, log_export
from .handler import OtlpHandler
from .json import JsonFormatter
from .plain import correlate
from .queue import LogQueue
from .structlog import JsonRenderer, hide_from, show_to

Lines = Literal["off", "plain", "json"]
"""What consoles show: as they did; as they did, with ids on every record for their formats; JSON."""

SERVERS: Final = ("uvicorn", "gunicorn.error")
"""Loggers of servers that keep what they say from the root logger. Their access logs stay where they are: every request has its span."""


class Logs:
    """One application's logs. `export` is the outlet the export thread pushes; None where logs don't leave by OTLP.

    `begin` where the application starts to serve (and once at its making), `end` where it stops.
    """

    def __init__(
        self,
        config: LogsConfig,
        attributes: Mapping[str, str | int],
        *,
        redactor: Redactor,
        health: Health,
        clock: Clock,
        make_transport: MakeWay,
        wake: Callable[[], None],
    ) -> None:
        self._attributes, self._redactor, self._health, self._clock = attributes, redactor, health, clock
        self._queue = queue = LogQueue(config.queue, config.batch, health, wake)
        self.export: LogExport | None = log_export(config, queue, redactor, clock, health, make_transport)
        self._handler = None if self.export is None else OtlpHandler(queue, health)
        self._heard: list[logging.Logger] = []
        speak_for(attributes)
        if config.lines != "off":
            self.show(config.lines)
        self.begin()

    def show(self, lines: str) -> None:
        """What consoles show from now on, in the whole process: `off`, `plain` or `json`.

        Raises `InstrumentationError` for anything else.
        """
        if lines not in get_args(Lines):
            raise InstrumentationError(f"logs are one of {', '.join(get_args(Lines))}, not {lines!r}")
        _restore()
        if lines == "plain":
            _shown.append(correlate(self._health))
        elif lines == "json":
            console = JsonConsole(
                JsonFormatter(self._attributes, self._redactor, self._health),
                JsonRenderer(self._attributes, self._redactor, self._health, self._clock.wall),
                correlate(self._health),
            )
            _shown.append(console.restore)
            _console[:] = [console]
            console.apply()

    def begin(self) -> None:
        """Takes what is logged from now on; once more after loggers were configured anew, which loses handlers and formats."""
        for console in _console:
            console.apply()
        if self._handler is None:
            return
        for logger in _exported():
            if self._handler not in logger.handlers:
                logger.addHandler(self._handler)
                self._heard.append(logger)
        show_to(self._handler.take)

    def end(self) -> None:
        """Takes nothing any more. What consoles show stays."""
        if self._handler is None:
            return
        while self._heard:
            self._heard.pop().removeHandler(self._handler)
        hide_from(self._handler.take)


_shown: Final[list[Undo]] = []
_console: Final[list[JsonConsole]] = []


def _restore() -> None:
    _console.clear()
    while _shown:
        _shown.pop()()


def _exported() -> list[logging.Logger]:
    servers = (logging.getLogger(name) for name in SERVERS if name in logging.getLogger().manager.loggerDict)
    return [logging.getLogger(), *(logger for logger in servers if not logger.propagate)]
