"""What is known of a piece of work before it begins: made once, and used by every piece alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.trace import SpanKind

from .. import names
from ..counts.durations import Durations
from ..counts.work import Pairs, WorkCounts

LONGEST: Final = 200
"""Characters of a name that are kept: it is said with every export."""
PROCESS: Final = "process"


class WorkPlan:
    """Name, kind and attributes of its span; the series it counts in when it succeeds."""

    __slots__ = ("attributes", "durations", "kind", "name", "series")

    def __init__(
        self, name: str, kind: SpanKind, attributes: dict[str, Any], series: Pairs, durations: Durations[Pairs]
    ) -> None:
        self.name, self.kind, self.attributes, self.series, self.durations = name, kind, attributes, series, durations

    def attributes_with(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All attributes it begins with; `given` are those of whoever begins it."""
        return {**given, **self.attributes}

    def failed(self, error: str) -> Pairs:
        """The series it counts in when it fails."""
        return (*self.series, (names.ERROR_TYPE, error))


def operation_plan(counts: WorkCounts, name: str) -> WorkPlan:
    """Of an operation of that name."""
    pairs: Pairs = ((names.OPERATION_NAME, name),)
    return WorkPlan(name, SpanKind.INTERNAL, dict(pairs), pairs, counts.operations)


def consumer_plan(counts: WorkCounts, destination: str, system: str, group: str | None) -> WorkPlan:
    """Of messages from a queue or a topic, by the conventions for messaging."""
    pairs: Pairs = (
        (names.MESSAGING_SYSTEM, system),
        (names.MESSAGING_DESTINATION, destination),
        (names.MESSAGING_OPERATION_NAME, PROCESS),
        *(() if group is None else ((names.MESSAGING_GROUP, group),)),
    )
    attributes = {**dict(pairs), names.MESSAGING_OPERATION_TYPE: PROCESS}
    return WorkPlan(f"{PROCESS} {destination}", SpanKind.CONSUMER, attributes, pairs, counts.messages)


def told(name: Any) -> str:
    """A name as it may be said: a text that is not empty and not too long."""
    return str(name)[:LONGEST].encode("utf-8", "replace").decode() or names.OTHER
