"""How this process's consoles show what is logged: as they did, or as JSON. One setting for all applications of a process.

Only handlers that write to standard output or standard error are changed; files, sockets and queues keep the formats they were given.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from .json import JsonFormatter
from .structlog import JsonRenderer

Undo = Callable[[], None]


class JsonConsole:
    """Consoles that show JSON. `apply` may be called again: loggers may have been configured since. `undo` is done at the end as well."""

    def __init__(self, formatter: JsonFormatter, renderer: JsonRenderer, *undo: Undo) -> None:
        self._formatter, self._renderer = formatter, renderer
        self._undo: list[Undo] = list(undo)

    def apply(self) -> None:
        """Gives every console this format, the root logger a console if it has no handler at all, and structlog the renderer."""
        if not logging.getLogger().handlers:
            self._add_console()
        for handler in _consoles():
            if handler.formatter is not self._formatter:
                self._format(handler)
        if "structlog" in sys.modules:  # who does not use it is not made to load it
            self._render()

    def restore(self) -> None:
        """Puts everything back as it was, except what somebody else has changed since."""
        while self._undo:
            self._undo.pop()()

    def _add_console(self) -> None:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(self._formatter)
        logging.getLogger().addHandler(handler)
        self._undo.append(lambda: logging.getLogger().removeHandler(handler))

    def _format(self, handler: logging.Handler) -> None:
        before = handler.formatter
        handler.setFormatter(self._formatter)

        def undo() -> None:
            if handler.formatter is self._formatter:
                handler.setFormatter(before)

        self._undo.append(undo)

    def _render(self) -> None:
        from .structlog import configure, is_configured

        if not is_configured(self._renderer):
            self._undo.append(configure(self._renderer))


def _consoles() -> Iterator[logging.StreamHandler[TextIO]]:
    """Every handler of every logger that writes to a standard stream."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    streams = {id(stream) for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__) if stream is not None}
    for logger in loggers:
        for handler in logger.handlers if isinstance(logger, logging.Logger) else ():
            if isinstance(handler, logging.StreamHandler) and id(handler.stream) in streams:
                yield handler
