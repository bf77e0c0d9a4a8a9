"""Which traces are worth keeping: failed ones, slow ones, and a few ordinary ones to compare them with.

What failed is what classification says, for servers, clients and consumers; slow is a server's answer beyond the smallest latency
threshold of its service's SLOs; ordinary ones are chosen by trace id, so that every collector chooses the same. Of each service, route and
state only so many a minute are chosen: a burning route neither pushes out the others nor costs more than it tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo import Attributes, SpanKind, Verdict, availability
from ...slo.classify import ERROR_TYPE, ROUTE_KEYS, STATUS_CODE_KEYS, first_of
from ..columns import Spans
from ..redaction import without_sensitive
from ..registry.catalogue import Catalogue
from ..remembered import Remembered
from ..senders.origin import MOST_KNOWN as MOST_RESOURCES
from ..senders.origin import origin_of

MOST_GROUPS: Final = 5_000
MOST_KNOWN: Final = 10_000
"""Attribute sets remembered."""

_FAILING: Final = np.isin(np.arange(8), [kind.value for kind in SpanKind])
"""Whether a failed span of a kind is a reason, by kind."""

_NEVER: Final = 2**63 - 1
_SPAN: Final = 2**56


class TraceState(IntEnum):
    """Why a trace is kept; the higher, the better a reason."""

    SAMPLED = 0
    SLOW = 1
    FAILED = 2


A_MINUTE: Final = {TraceState.FAILED: 10, TraceState.SLOW: 5, TraceState.SAMPLED: 1}
"""Traces chosen of one service, route and state in one minute: with two thousand kept in all, more would only push out older ones."""


class Hit(NamedTuple):
    """What makes a span a reason to keep its trace."""

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
        given = min(asked, self.left(hit, received))
        if given:
            key = self._key(hit)
            self._chosen[key] = self._chosen.get(key, 0) + given
        return given

    def left(self, hit: Hit, received: float) -> int:
        """How many more may be chosen."""
        minute = int(received // 60)
        if minute != self._minute:
            self._minute = minute
            self._chosen.clear()
        return self._a_minute[hit.state] - self._chosen.get(self._key(hit), 0)

    def _key(self, hit: Hit) -> tuple[str, str, TraceState]:
        key = (hit.service, hit.route, hit.state)
        full = key not in self._chosen and len(self._chosen) >= MOST_GROUPS
        return ("", "", hit.state) if full else key


class _Said(NamedTuple):
    """What an attribute set says: whether it failed, whether it counts at all, and how it is told, without secrets."""

    bad: bool
    event: bool
    status: str
    error: str
    route: str


class Group(NamedTuple):
    """Rows that are the same reason: those of traces that are not kept, and those of traces that are."""

    hit: Hit
    fresh: list[int]
    again: list[int]


class Reasons:
    """Finds the reasons there are among spans. What an attribute set says is remembered for as long as decoders give the same object."""

    def __init__(self, share: float, quotas: Quotas) -> None:
        self.quotas = quotas
        self._share = np.uint64(int(share * _SPAN))
        self._origins = Remembered(origin_of, MOST_RESOURCES)
        self._said = Remembered(_said, MOST_KNOWN)

    def among(
        self, spans: Spans, thresholds: Mapping[str, int], known: NDArray[np.intp], received: float
    ) -> Iterator[Group]:
        """The groups there are, but for those that are full and have no row of a trace that is kept; `known` are such rows."""
        if not len(spans.kind):
            return
        said = [self._said.of(labels) for labels in spans.labels]
        services = [self._origins.of(resource).service for resource in spans.resources]
        limits = np.array([thresholds.get(service, _NEVER) for service in services], np.int64)
        state = _states(spans, said, limits, self._share)
        rows = np.flatnonzero(state >= 0)
        codes = (spans.resource[rows] * len(said) + spans.label[rows]) * len(TraceState) + state[rows]
        order = np.argsort(codes, kind="stable")
        rows, codes = rows[order], codes[order]
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        kept = np.zeros(len(state), np.bool_)
        kept[known] = True
        kept = kept[rows]
        kept_before = [0, *np.cumsum(kept).tolist()]
        for code, (start, end) in zip(codes[starts].tolist(), pairwise([*starts.tolist(), len(rows)]), strict=True):
            pair, of = divmod(code, len(TraceState))
            resource, label = divmod(pair, len(said))
            words = said[label]
            hit = Hit(services[resource], words.route, TraceState(of), words.status, words.error)
            if kept_before[end] > kept_before[start] or self.quotas.left(hit, received):
                mine, again = rows[start:end], kept[start:end]
                yield Group(hit, mine[~again].tolist(), mine[again].tolist())


def _states(spans: Spans, said: Sequence[_Said], limits: NDArray[np.int64], share: np.uint64) -> NDArray[np.int64]:
    """The state of each row that is a reason, -1 of all others."""
    bad = np.array([words.bad for words in said], np.bool_)[spans.label]
    event = np.array([words.event for words in said], np.bool_)[spans.label]
    served = (spans.kind == SpanKind.SERVER.value) & event
    slow = served & (spans.end - spans.start > limits[spans.resource])
    sampled = served & ((spans.ids[:, 1] & np.uint64(_SPAN - 1)) < share)
    state = np.full(len(spans.kind), -1, np.int64)
    state[sampled] = TraceState.SAMPLED
    state[slow] = TraceState.SLOW
    state[bad & _FAILING[spans.kind.clip(0, len(_FAILING) - 1)]] = TraceState.FAILED
    state[(spans.ids[:, 0] | spans.ids[:, 1]) == 0] = -1
    return state


def _said(labels: Attributes) -> _Said:
    verdict = availability(labels)
    status, error, route = first_of(labels, STATUS_CODE_KEYS), labels.get(ERROR_TYPE), first_of(labels, ROUTE_KEYS)
    return _Said(
        verdict is Verdict.BAD,
        verdict is not Verdict.IGNORED,
        _text(status),
        without_sensitive(_text(error)),
        without_sensitive(_text(route)),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)[:200]
