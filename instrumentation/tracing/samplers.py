"""Samplers of the SDK, which decide at a span's start: the one `OTEL_TRACES_SAMPLER` names, or one that records all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_OFF,
    DEFAULT_ON,
    Decision,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

FIXED: Final = {
    "always_on": ALWAYS_ON,
    "always_off": ALWAYS_OFF,
    "parentbased_always_on": DEFAULT_ON,
    "parentbased_always_off": DEFAULT_OFF,
}

_log = logging.getLogger("fournines.instrumentation")


class RecordAlways(Sampler):
    """Records every span; samples all but those whose parent was decided against."""

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
        """Never drops."""
        parent = trace.get_current_span(parent_context).get_span_context()
        unwanted = parent.is_valid and not parent.trace_flags.sampled
        decision = Decision.RECORD_ONLY if unwanted else Decision.RECORD_AND_SAMPLE
        return SamplingResult(decision, attributes, parent.trace_state if parent.is_valid else None)

    def get_description(self) -> str:
        """For logs."""
        return "RecordAlways"


def head_sampler(name: str, argument: str) -> Sampler | None:
    """The sampler that `OTEL_TRACES_SAMPLER` names; None when it is not set.

    One that is not known (nor of an installed package) is logged, and the specification's default taken.
    """
    if not name:
        return None
    if name in FIXED:
        return FIXED[name]
    if name in ("traceidratio", "parentbased_traceidratio"):
        ratio = _ratio(argument)
        return TraceIdRatioBased(ratio) if name == "traceidratio" else ParentBasedTraceIdRatio(ratio)
    return _foreign(name, argument) or DEFAULT_ON


def _ratio(argument: str) -> float:
    try:
        ratio = float(argument or 1.0)
    except ValueError:
        ratio = -1.0
    if 0.0 <= ratio <= 1.0:
        return ratio
    _log.warning("OTEL_TRACES_SAMPLER_ARG=%r is no number from 0 to 1; 1 is used", argument)
    return 1.0


def _foreign(name: str, argument: str) -> Sampler | None:
    for entry in entry_points(group="opentelemetry_traces_sampler", name=name):
        try:
            made = entry.load()(argument)
        except Exception as e:  # noqa: BLE001 - somebody else's factory may raise whatever it likes
            _log.warning("OTEL_TRACES_SAMPLER: %r can't be made: %s", name, e)
            return None
        return made if isinstance(made, Sampler) else None
    _log.warning("OTEL_TRACES_SAMPLER: %r is not known here; parentbased_always_on is used", name)
    return None
