"""Prometheus' templates in annotations: Go's text/template, with functions that query.

https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

from __future__ import annotations

from collections.abc import Mapping

from .. import names
from .promql import selector, string


def literal(text: str) -> str:
    """Text that the template engine leaves as it is."""
    return text.replace("{{", '{{ "{{" }}')


def burn(identity: Mapping[str, str]) -> str:
    """How fast the budget of the SLO of these labels goes when the alert is sent."""
    return _asked(names.RECORD_CURRENT_BURN, identity, "{{ . | first | value | humanize }}x", "above its limit")


def budget_left(identity: Mapping[str, str]) -> str:
    """How much of it is left then."""
    left = "{{ $left := . | first | value }}"
    share = "{{ $left | humanizePercentage }} of the error budget left"
    text = f"{left}{{{{ if gt $left 0.0 }}}}{share}{{{{ else }}}}the error budget is over-spent{{{{ end }}}}"
    return _asked(names.RECORD_REMAINING, identity, text, "the error budget left is not known")


def lasts(identity: Mapping[str, str], window: int) -> str:
    """How long the rest of it lasts at that rate, of a budget over `window` seconds; empty where none is left, or nothing burns."""
    left = selector(names.RECORD_REMAINING, identity)
    burnt = f"({selector(names.RECORD_CURRENT_BURN, identity)} > 0)"
    matching = ", ".join((names.SLOTH_ID, names.SLOTH_SLO, names.SLOTH_SERVICE))
    query = string(f"({left} > 0) * {window} / on({matching}) {burnt}")
    return f"{{{{ with query {query} }}}}, empty in {{{{ . | first | value | humanizeDuration }}}}{{{{ end }}}}"


def _asked(record: str, identity: Mapping[str, str], text: str, missing: str) -> str:
    """A template that looks a recorded number up, and says so where there is none yet."""
    query = string(selector(record, identity))
    return f"{{{{ with query {query} }}}}{text}{{{{ else }}}}{missing}{{{{ end }}}}"
