"""`OTEL_TRACES_SAMPLER=xray`: X-Ray's centralized rules decide, at the start of each trace.

A parent's decision stands. For the rest the first rule that is for the request decides; where there are none (nobody
answered yet, or for an hour), the first request of each second and 5 % of the others are sampled. On a request: some
comparisons and some arithmetic; whoever asks for the rules is a thread of its own (`polling.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from .reservoir import Reservoir
from .rules import Rule

CACHED: Final = 3600.0
"""Seconds for which rules hold that nobody renews."""
FALLBACK: Final = Rule("", 0, rate=0.05, reservoir=1)
RULE_NAME: Final = "aws.xray.sampling_rule"
"""The attribute that names the rule a trace was sampled by; the collector tells X-Ray of it."""


class Book:
    """The rules in force for this process's service, in their order, and what they have decided so far."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._reservoirs: tuple[Reservoir, ...] = ()
        self._fallback = Reservoir(FALLBACK)
        self.read_at = float("-inf")
        """When the rules were read last, in epoch seconds."""

    @property
    def reservoirs(self) -> tuple[Reservoir, ...]:
        """All of them, in the order in which they are asked."""
        return self._reservoirs

    def renew(self, rules: Sequence[Rule], resource: Mapping[str, object], now: float) -> None:
        """Takes in the rules as they are now; those that were there before go on where they were."""
        before = {one.rule.name: one for one in self._reservoirs}
        made = [Reservoir(rule) for rule in rules if rule.is_for_service(resource)]
        for one in made:
            if one.rule.name in before:
                one.inherit(before[one.rule.name])
        self._reservoirs, self.read_at = tuple(made), now

    def decide(self, trace_id: int, told: Mapping[str, object]) -> tuple[bool, str]:
        """Whether a request of these attributes is sampled, and the name of the rule that said so."""
        now = self._clock()
        if now - self.read_at <= CACHED:
            for one in self._reservoirs:
                if one.rule.is_for(told):
                    return one.sample(trace_id, now), one.rule.name
        return self._fallback.sample(trace_id, now), ""

    def forget(self) -> None:
        """Begins to count anew in a forked child: its parent reports its own decisions."""
        rules, self._fallback = [one.rule for one in self._reservoirs], Reservoir(FALLBACK)
        self._reservoirs = tuple(Reservoir(rule) for rule in rules)


class ByRules(Sampler):
    """Asks a book about every span that has no parent."""

    def __init__(self, book: Book, asked: Callable[[], None]) -> None:
        self._book, self._asked = book, asked

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Samples, or drops."""
        self._asked()
        sampled, rule = self._book.decide(trace_id, attributes or {})
        state = trace.get_current_span(parent_context).get_span_context().trace_state
        if not sampled:
            return SamplingResult(Decision.DROP, None, state)
        return SamplingResult(
            Decision.RECORD_AND_SAMPLE, {**(attributes or {}), **({RULE_NAME: rule} if rule else {})}, state
        )

    def get_description(self) -> str:
        """For logs."""
        return "XRay"


class XRaySampler(ParentBased):
    """The sampler that `OTEL_TRACES_SAMPLER=xray` names."""

    def __init__(self, root: ByRules) -> None:
        super().__init__(root)
