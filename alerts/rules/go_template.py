"""Prometheus' templates in annotations: Go's text/template, with functions that query.

https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .. import names
from .promql import selector, string

LABELLED: Final = f"{{{{ $labels.{names.LABEL_SLO} }}}}"
"""The SLO that an alert is labelled with."""
IN_ADDRESS: Final = f"{{{{ $labels.{names.LABEL_SLO} | urlquery }}}}"
"""The same as a part of an address."""
_THE_ONE: Final = f"{names.LABEL_SLO}=%[1]q"


def literal(text: str) -> str:
    """Text that the template engine leaves as it is."""
    return text.replace("{{", '{{ "{{" }}')


@dataclass(frozen=True, slots=True)
class Text:
    """How an alert speaks of its SLO: by its name, a template, and by what is recorded under these labels.

    Where several SLOs are recorded under them (`of_one`), it is the one that the alert is labelled with.
    """

    name: str
    recorded: Mapping[str, str]
    of_one: bool = False

    @property
    def burn(self) -> str:
        """How fast the budget goes when the alert is sent."""
        return self._asked(names.RECORD_CURRENT_BURN, "{{ . | first | value | humanize }}x", "above its limit")

    @property
    def budget_left(self) -> str:
        """How much of it is left then."""
        left = "{{ $left := . | first | value }}"
        share = "{{ $left | humanizePercentage }} of the error budget left"
        text = f"{left}{{{{ if gt $left 0.0 }}}}{share}{{{{ else }}}}the error budget is over-spent{{{{ end }}}}"
        return self._asked(names.RECORD_REMAINING, text, "the error budget left is not known")

    def lasts(self, window: int) -> str:
        """How long the rest of it lasts at that rate, of a budget over `window` seconds; empty where none is left, or nothing burns."""
        left, burnt = self._selector(names.RECORD_REMAINING), self._selector(names.RECORD_CURRENT_BURN)
        matching = ", ".join((names.SLOTH_ID, names.SLOTH_SLO, names.SLOTH_SERVICE))
        query = self._query(f"({left} > 0) * {window} / on({matching}) ({burnt} > 0)")
        return f"{{{{ with query {query} }}}}, empty in {{{{ . | first | value | humanizeDuration }}}}{{{{ end }}}}"

    def _asked(self, record: str, text: str, missing: str) -> str:
        """A template that looks a recorded number up, and says so where there is none yet."""
        query = self._query(self._selector(record))
        return f"{{{{ with query {query} }}}}{text}{{{{ else }}}}{missing}{{{{ end }}}}"

    def _selector(self, record: str) -> str:
        if not self.of_one:
            return selector(record, self.recorded)
        return selector(record, {name: value.replace("%", "%%") for name, value in self.recorded.items()}, _THE_ONE)

    def _query(self, expr: str) -> str:
        return f"(printf {string(expr)} $labels.{names.LABEL_SLO})" if self.of_one else string(expr)
