"""How many of a rule's requests are sampled: its share of the reservoir, then its rate; and what is reported of it.

Until the service behind it has given this process a quota, or when the quota has run out, one request a second is borrowed.
https://docs.aws.amazon.com/xray/latest/api/API_SamplingTargetDocument.html
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from .rules import Rule

LIMIT: Final = TraceIdRatioBased.TRACE_ID_LIMIT
"""The bits of a trace's id that shares are taken from: every service of one rate takes the same traces."""
BORROWED: Final = 1
"""Requests a second."""


class Statistics(NamedTuple):
    """What became of a rule's requests since the last report. What was borrowed was sampled too."""

    requests: int
    borrowed: int
    sampled: int


@dataclass
class Quota:
    """What this process was given: so many requests a second until then (epoch seconds); the rate beyond."""

    a_second: int = 0
    until: float = 0.0


class Reservoir:
    """The decisions of one rule. `sample` is a request's and takes a microsecond; all may be called from any thread."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._lock = threading.Lock()
        self._quota = Quota()
        self._bound = TraceIdRatioBased(rule.rate).bound
        self._second = self._taken = self._lent = 0
        self._requests = self._borrowed = self._sampled = 0

    def sample(self, trace_id: int, now: float) -> bool:
        """Whether the request is sampled; `now` in epoch seconds."""
        with self._lock:
            self._requests += 1
            sampled = self._take(now) or trace_id & LIMIT < self._bound
            self._sampled += sampled
            return sampled

    def give(self, target: Mapping[str, Any]) -> bool:
        """Takes in what the service behind has decided; what it leaves out stays as it is. False where it can't be understood."""
        rate, a_second, until = (target.get(key) for key in ("FixedRate", "ReservoirQuota", "ReservoirQuotaTTL"))
        try:
            bound = self._bound if rate is None else TraceIdRatioBased(min(1.0, max(0.0, float(rate)))).bound
            quota = Quota(
                self._quota.a_second if a_second is None else int(a_second),
                self._quota.until if until is None else float(until),
            )
        except (TypeError, ValueError, OverflowError):
            return False
        with self._lock:
            self._bound, self._quota = bound, quota
        return True

    def reported(self) -> Statistics:
        """What is to be reported; it begins anew. `took_back` where the report did not arrive."""
        with self._lock:
            told = Statistics(self._requests, self._borrowed, self._sampled)
            self._requests = self._borrowed = self._sampled = 0
        return told

    def took_back(self, told: Statistics) -> None:
        """Nobody has heard it: it is reported with the next."""
        with self._lock:
            self._requests += told.requests
            self._borrowed += told.borrowed
            self._sampled += told.sampled

    def inherit(self, before: Reservoir) -> None:
        """Goes on where the reservoir of the same rule was, when the rules were read again."""
        self._quota, self._second = before._quota, before._second
        self._taken, self._lent = before._taken, before._lent
        if before.rule.rate == self.rule.rate:
            self._bound = before._bound
        self.took_back(before.reported())

    def _take(self, now: float) -> bool:
        second = int(now)
        if second != self._second:
            self._second, self._taken, self._lent = second, 0, 0
        if self._quota.until >= second:
            if self._taken >= self._quota.a_second:
                return False
            self._taken += 1
            return True
        if not self.rule.reservoir or self._lent >= BORROWED:
            return False
        self._lent += 1
        self._borrowed += 1
        return True
