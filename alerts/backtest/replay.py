"""What the alerts of a policy would have done: the state machine of `alerts.state`, run over stretches of ticks instead of tick by tick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ...slo import Severity
from ...slo.arithmetic import BoolArray
from .burn_history import BurnHistory
from .policy import AlertRule


class PastAlert(NamedTuple):
    """An alert that somebody would have been told of at `told`, and that would have been over at `over`; None: it lasts on. Epoch seconds.

    `seconds` is how far back the failures lie that it is about: its shortest window, and what it waited.
    """

    severity: Severity
    told: int
    over: int | None
    seconds: int


class _Run(NamedTuple):
    """An alert fires at tick `first`, and is over at tick `end`."""

    first: int
    end: int


def replay(rules: Sequence[AlertRule], burns: BurnHistory, *, inhibits: bool) -> tuple[PastAlert, ...]:
    """Every alert of the span, in the order they were told; it begins with none open. `inhibits`: no ticket is told while a page is open.

    Each window of the rules fits the span's steps.
    """
    paged = np.zeros(len(burns.history.span.ticks), np.bool_)
    found: list[PastAlert] = []
    for rule in sorted(rules, key=lambda rule: rule.severity.value):  # pages come first
        quiet = paged if inhibits and rule.severity is Severity.TICKET else np.zeros_like(paged)
        held = np.zeros((len(rule.clauses), len(paged)), np.bool_)
        for number, clause in enumerate(rule.clauses):
            held[number, burns.holds(clause)] = True
        met: BoolArray = np.logical_or.reduce(held, axis=0)
        for run in _runs(met, _ticks(rule.wait, burns), _ticks(rule.keep, burns)):
            tellable = met[run.first : run.end] & ~quiet[run.first : run.end]
            if tellable.any():
                tick = run.first + int(tellable.argmax())
                found.append(_alert(rule, tick, run.end, held[:, tick], burns))
            if rule.severity is Severity.PAGE:
                paged[run.first : run.end] = True
    return tuple(sorted(found, key=lambda alert: (alert.told, alert.severity.value)))


def _ticks(seconds: int, burns: BurnHistory) -> int:
    return -(-seconds // burns.history.span.step)


def _runs(met: BoolArray, wait: int, keep: int) -> Iterator[_Run]:
    """An alert opens `wait` ticks after its condition was met, and ends once it was clear, from a tick on, for `keep` more ticks."""
    opened: _Run | None = None
    for first, end in _stretches(met):
        if opened is not None and first <= opened.end:
            opened = _Run(opened.first, end + keep)
        elif first + wait < end:
            if opened is not None:
                yield opened
            opened = _Run(first + wait, end + keep)
    if opened is not None:
        yield opened


def _stretches(met: BoolArray) -> list[list[int]]:
    """[first, end) of every stretch of ticks that are met."""
    changes = np.flatnonzero(np.diff(met, prepend=False, append=False))
    stretches: list[list[int]] = changes.reshape(-1, 2).tolist()
    return stretches


def _alert(rule: AlertRule, tick: int, end: int, held: BoolArray, burns: BurnHistory) -> PastAlert:
    ticks = burns.history.span.ticks
    over = int(ticks[end]) if end < len(ticks) else None
    shortest = (min(rule.clauses[index].windows).seconds for index in np.flatnonzero(held).tolist())
    return PastAlert(rule.severity, int(ticks[tick]), over, rule.wait + max(shortest))
