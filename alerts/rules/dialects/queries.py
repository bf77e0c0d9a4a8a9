"""An SLO's events as PromQL with a window to be put in, wherever they come from."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ....slo import SLO, Queries, Unit, metric_names
from ... import names
from ..promql import selector
from .unsaid import CannotSay

WINDOW: Final = "{{.window}}"

_SELECTED: Final = re.compile(r"((?:[a-zA-Z_:][\w:]*)?\s*(?:\{.*\})?)\s*((?:offset|@)\s.*)?", re.DOTALL)
_SHARE: Final = re.compile(r"1 - \((.*)\)", re.DOTALL)


class Failing(NamedTuple):
    """The bad events and all of them, or the share of bad ones alone."""

    bad: str = ""
    total: str = ""
    share: str = ""


def failing(slo: SLO) -> Failing:
    """What fails of an SLO, by queries that name the window; `CannotSay` for what are no events and no share of them."""
    if slo.sli.promql is not None and slo.unit is not Unit.SLICES:
        return _asked(slo.sli.promql)
    queries = counted(slo)
    return Failing(*(f"sum(rate({text}[{WINDOW}]))" for text in (queries.bad, queries.total)))


def counted(slo: SLO) -> Queries:
    """The collector's counters of an SLO's events; `CannotSay` where it has none."""
    if slo.unit is not Unit.EVENTS or slo.sli.promql is not None:
        raise CannotSay("what it promises is of no events that a counter has")
    of_slo = {names.LABEL_SLO: slo.name}
    bad = {**of_slo, metric_names.RESULT: metric_names.BAD}
    return Queries(bad=selector(metric_names.EVENTS, bad), total=selector(metric_names.EVENTS, of_slo), counter=True)


def _asked(queries: Queries) -> Failing:
    if queries.raw:
        inside = _SHARE.fullmatch(queries.raw)
        return Failing(share=inside[1] if inside and _is_one(inside[1]) else f"1 - ({queries.raw})")
    bad, good, total = (text and _over_window(text, queries) for text in (queries.bad, queries.good, queries.total))
    return Failing(bad or f"({total}) - ({good})", total)


def _is_one(text: str) -> bool:
    """Whether no parenthesis in it closes one that was opened before it."""
    depth = 0
    for each in re.sub(r'"(?:\\.|[^"\\])*"', "", text):
        depth += (each == "(") - (each == ")")
        if depth < 0:
            return False
    return depth == 0


def _over_window(text: str, queries: Queries) -> str:
    if queries.is_windowed:
        return text
    if not queries.counter:
        return f"avg_over_time(({text})[{WINDOW}:])"
    match = _SELECTED.fullmatch(text.strip())
    if match is None:
        raise CannotSay(f"{text!r} selects no counter")
    behind = f" {match[2]}" if match[2] else ""
    return f"sum(rate({match[1].strip()}[{WINDOW}]{behind}))"
