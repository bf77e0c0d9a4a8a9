"""The environment's variables, as the specification wants them read.

https://opentelemetry.io/docs/specs/otel/configuration/common/: an empty value is none; what can't be understood is logged, and
the default taken, never an error. Durations are milliseconds.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence

_log = logging.getLogger("fournines.instrumentation")


def environment() -> Mapping[str, str]:
    """All of them, as they are now: what `fournines instrument` hands on to its command."""
    return dict(os.environ)


class Variables:
    """What some variables say. Each question names the variable, or several of which the first counts that is set."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ = os.environ if environ is None else environ

    def text(self, *names: str) -> str:
        """Without blanks around; empty where none of them is set."""
        return next((text for name in names if (text := self.environ.get(name, "").strip())), "")

    def words(self, name: str) -> tuple[str, ...]:
        """What commas separate, each once."""
        return tuple(dict.fromkeys(part.strip() for part in self.text(name).split(",") if part.strip()))

    def is_true(self, *names: str) -> bool:
        """Whether it says `true`; anything else is false."""
        return self.text(*names).lower() == "true"

    def number(self, name: str, default: float) -> float:
        """A positive number."""
        value = self._float(name, default)
        if 0 < value < float("inf"):
            return value
        _log.warning("%s=%r is no positive number; %g is used", name, self.text(name), default)
        return default

    def share(self, name: str) -> float:
        """A number from 0 to 1; 1 where it is not set."""
        value = self._float(name, 1.0)
        if 0.0 <= value <= 1.0:
            return value
        _log.warning("%s=%r is no number from 0 to 1; 1 is used", name, self.text(name))
        return 1.0

    def limit(self, *names: str) -> int | None:
        """The first that is a whole number; None where none is."""
        for name in names:
            if text := self.text(name):
                if text.isascii() and text.isdigit():
                    return int(text)
                _log.warning("%s=%r is no whole number; left out", name, text)
        return None

    def choice(self, names: Sequence[str], allowed: Sequence[str], default: str) -> str:
        """The first that is one of a few words, in small letters."""
        for name in names:
            value = self.text(name).lower()
            if value in allowed:
                return value
            if value:
                _log.warning("%s=%r is not one of %s; %s is used", name, value, ", ".join(allowed), default)
        return default

    def _float(self, name: str, default: float) -> float:
        try:
            return float(self.text(name) or default)
        except ValueError:
            return -1.0
