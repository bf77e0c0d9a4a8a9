"""What a Prometheus-compatible engine is asked for counts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from .errors import InvalidValue

_WINDOW: Final = re.compile(r"\{\{\s*\.?window\s*\}\}|\$window\b|\$\{window\}")


@dataclass(frozen=True, slots=True)
class Queries:
    """PromQL: `good` or `bad` events beside `total`, or `raw`, the share of good ones. `InvalidValue` for any other combination.

    A text that names the window, as `{{.window}}` or `$window`, gives its events over a window put in; one that does not is what
    a counter shows (`counter`), or events per second. `source` names the engine; empty: the one of the settings.
    """

    good: str = ""
    bad: str = ""
    total: str = ""
    raw: str = ""
    counter: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.good, self.bad, self.raw))) != 1:
            raise InvalidValue("say one of good, bad and raw")
        if bool(self.total) == bool(self.raw):
            raise InvalidValue("good or bad events are of a total, and a raw share is of none")

    @property
    def is_windowed(self) -> bool:
        """Whether any text names the window."""
        return any(map(_WINDOW.search, self._texts))

    def over(self, seconds: int) -> Queries:
        """The same with a window of so many seconds put in."""
        return self.written_over(f"{seconds}s")

    def written_over(self, window: str) -> Queries:
        """The same with a window put in as it is written: `5m`."""
        good, bad, total, raw = (_WINDOW.sub(window, text) for text in self._texts)
        return replace(self, good=good, bad=bad, total=total, raw=raw)

    @property
    def _texts(self) -> tuple[str, str, str, str]:
        return self.good, self.bad, self.total, self.raw
