"""Text that others sent, as a terminal may show it."""

from __future__ import annotations

import logging


def plain(text: str) -> str:
    """In one line and without anything that a terminal would obey, or that turns round what follows."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def plain_lines(text: str) -> str:
    """The same, line by line."""
    return "\n".join(map(plain, text.splitlines()))


class LineFormatter(logging.Formatter):
    """A line a message, whatever a service calls itself: no name writes a line of its own. A traceback stands behind it as ever."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The message in its line."""
        return plain(super().formatMessage(record))
