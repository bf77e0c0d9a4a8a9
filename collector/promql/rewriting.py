"""PromQL made of PromQL: a text that gives what somebody said of a metric becomes one that gives events in a window.

A counter's growth is taken of each series before they are summed, so that a process that starts anew is no fall. Where it can be it is the
difference of what a counter showed at the window's ends: whole events. Otherwise, and within somebody's own query, it is the engine's
`increase`: VictoriaMetrics' is exact; Prometheus' is extrapolated to the window's ends, so that at each of them the growth of one scrape
interval at most is guessed.
"""

from __future__ import annotations

from typing import Any, Final

import promql_parser

from ...slo import MINUTE
from .selectors import selectors, summed_selector

STEP: Final = MINUTE
"""Seconds: how often what names no window is looked at in a window, or more often in a short one."""

_PER_SECOND: Final = frozenset({"rate", "irate"})
_EVENTS: Final = frozenset({"increase", "sum_over_time", "count_over_time"})


def last_sample(text: str) -> str:
    """When the newest sample was taken that a query reads, in epoch seconds."""
    read = [f"timestamp({each})" for each in selectors(text)]
    return f"max({' or '.join(read)})" if read else "vector(time())"


def events_in(text: str, seconds: int) -> str:
    """Events of a text that had a window of so many seconds put in: what gives them per second gives as many times more."""
    called: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.Call):
            called.add(node.func.name)

    promql_parser.walk(promql_parser.parse(text), visit)
    if called & _PER_SECOND and not called & _EVENTS:
        return f"sum({text}) * {seconds}"
    return f"sum({text})"


def growth_in(text: str, seconds: int) -> str:
    """By how much counters grew in a window: a selector, a sum of one, or anything else, which then is looked at step by step."""
    selector = summed_selector(text)
    if selector is None:
        return f"sum(increase(({text})[{seconds}s:{step_in(seconds)}s]))"
    return f"sum(increase({selector.over(seconds)}))"


def exact_growth_in(text: str, seconds: int) -> str:
    """The same in whole events, as far as counters were there all the time and began nowhere anew."""
    selector = summed_selector(text)
    if selector is None or selector.modifiers:
        return growth_in(text, seconds)
    samples, before = selector.over(seconds), f"{selector} offset {seconds}s"
    # Its fall may lie just before the first sample of the window, of which an unbroken counter shows nothing less.
    unbroken = f"min_over_time({samples}) >= {before} and resets({samples}) == 0"
    return f"sum((({selector} - {before}) and {unbroken}) or increase({samples}))"


def amount_in(text: str, seconds: int) -> str:
    """Events in a window of a text that gives them per second."""
    step = step_in(seconds)
    return f"sum(sum_over_time(({text})[{seconds}s:{step}s])) * {step}"


def mean_in(text: str, seconds: int) -> str:
    """The mean of a share over a window, of the moments at which there is one."""
    return f"avg_over_time((({text}) >= 0)[{seconds}s:{step_in(seconds)}s])"


def step_in(seconds: int) -> int:
    """Seconds between two looks at what names no window: five of them at least, where the window is longer than five seconds."""
    return max(1, min(STEP, seconds // 5))
