"""Which traces are worth keeping: failed ones, slow ones, and a few ordinary ones to compare them with.

What failed is what classification says, for servers, clients and consumers; slow is a server's answer beyond the smallest latency
threshold of its service's SLOs; ordinary ones are chosen by trace id, so that every collector chooses the same. Of each service, route and
state only so many a minute are chosen: a burning route neither pushes out the others nor costs more than it tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..slo import SpanKind, Verdict, availability
from ..slo.classify import ERROR_TYPE, ROUTE_KEYS, STATUS_CODE_KEYS, first_of
from .columns import Spans
from .origin import origin_of
from .registry import Catalogue

MOST_GROUPS: Final = 5_000
CONSUMER: Final = 5
"""OTLP's `SPAN_KIND_CONSUMER`."""

_FAILING: Final = (SpanKind.SERVER.value, SpanKind.CLIENT.value, CONSUMER)
_SPAN: Final = 2**56


class TraceState(IntEnum):
    """Why a trace is kept; the higher, the better a reason."""

    SAMPLED = 0
    SLOW = 1
    FAILED = 2


A_MINUTE: Final = {TraceState.FAILED: 30, TraceState.SLOW: 15, TraceState.SAMPLED: 3}
"""Traces chosen of one service, route and state in one minute."""


class Hit(NamedTuple):
    """A span that is a reason to keep its trace."""

    row: int
    service: str
    route: str
    state: TraceState
    status: str
    error: str


class Thresholds:
    """The smallest latency threshold of each service, in nanoseconds, of the SLOs in force."""

    def __init__(self) -> None:
        self._version = -1
        self._of_service: dict[str, int] = {}

    def of(self, catalogue: Catalogue) -> Mapping[str, int]:
        """By service."""
        if catalogue.version != self._version:
            self._version = catalogue.version
            self._of_service = {}
            for slo in catalogue.slos:
                threshold = slo.sli.threshold_nanoseconds
                if threshold:
                    known = self._of_service.get(slo.sli.service, threshold)
                    self._of_service[slo.sli.service] = min(known, threshold)
        return self._of_service


class Quotas:
    """How many more traces of each service, route and state may be chosen in this minute."""

    def __init__(self, a_minute: Mapping[TraceState, int] = A_MINUTE) -> None:
        self._a_minute = a_minute
        self._minute = -1
        self._chosen: dict[tuple[str, str, TraceState], int] = {}

    def take(self, hit: Hit, asked: int, received: float) -> int:
        """Takes as many as there are of those asked for."""
        minute = int(received // 60)
        if minute != self._minute:
            self._minute = minute
            self._chosen.clear()
        key = (hit.service, hit.route, hit.state)
        if key not in self._chosen and len(self._chosen) >= MOST_GROUPS:
            key = ("", "", hit.state)
        known = self._chosen.get(key, 0)
        given = max(0, min(asked, self._a_minute[hit.state] - known))
        self._chosen[key] = known + given
        return given


def hits(spans: Spans, thresholds: Mapping[str, int], share: float) -> Iterator[tuple[Hit, NDArray[np.intp]]]:
    """The reasons there are among a request's spans, each with the rows it holds for; `row` of the hit is the first of them."""
    if not len(spans.kind):
        return
    state = _states(spans, thresholds, share)
    rows = np.flatnonzero(state >= 0)
    if not len(rows):
        return
    codes = (spans.resource[rows] * len(spans.labels) + spans.label[rows]) * len(TraceState) + state[rows]
    distinct, inverse = np.unique(codes, return_inverse=True)
    for number, code in enumerate(distinct.tolist()):
        pair, of = divmod(code, len(TraceState))
        resource, label = divmod(pair, len(spans.labels))
        group = rows[inverse == number]
        yield _hit(spans, resource, label, TraceState(of), int(group[0])), group


def _states(spans: Spans, thresholds: Mapping[str, int], share: float) -> NDArray[np.int64]:
    """The state of each row that is a reason, -1 of all others."""
    verdicts = [availability(labels) for labels in spans.labels]
    bad = np.array([verdict is Verdict.BAD for verdict in verdicts], np.bool_)[spans.label]
    event = np.array([verdict is not Verdict.IGNORED for verdict in verdicts], np.bool_)[spans.label]
    served = (spans.kind == SpanKind.SERVER.value) & event
    limits = [thresholds.get(origin_of(resource).service, 2**63 - 1) for resource in spans.resources]
    slow = served & (spans.end - spans.start > np.array(limits, np.int64)[spans.resource])
    sampled = served & ((spans.ids[:, 1] & np.uint64(_SPAN - 1)) < np.uint64(int(share * _SPAN)))
    state = np.full(len(spans.kind), -1, np.int64)
    state[sampled] = TraceState.SAMPLED
    state[slow] = TraceState.SLOW
    state[bad & np.isin(spans.kind, _FAILING)] = TraceState.FAILED
    state[(spans.ids[:, 0] | spans.ids[:, 1]) == 0] = -1
    return state


def _hit(spans: Spans, resource: int, label: int, state: TraceState, row: int) -> Hit:
    labels = spans.labels[label]
    status, error, route = first_of(labels, STATUS_CODE_KEYS), labels.get(ERROR_TYPE), first_of(labels, ROUTE_KEYS)
    service = origin_of(spans.resources[resource]).service
    return Hit(row, service, _text(route), state, _text(status), _text(error))


def _text(value: object) -> str:
    return "" if value is None else str(value)[:200]
