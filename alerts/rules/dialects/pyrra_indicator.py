"""What Pyrra calls an indicator: the series of an SLO's events, of four kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import promql_parser

from ....slo import SLO, Queries
from .go_text import number, quoted
from .queries import WINDOW, counted
from .unsaid import CannotSay

_OPS: Final = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_SPACED_WINDOW: Final = re.escape(f"[{WINDOW}]")
_GAUGE: Final = re.compile(rf"sum\(count_over_time\((.*){_SPACED_WINDOW}\)\)", re.DOTALL)
_NATIVE: Final = re.compile(
    rf"histogram_fraction\(0, ([0-9.]+), sum\(increase\((.*){_SPACED_WINDOW}\)\)\) \* histogram_count\(.*\)", re.DOTALL
)


class Kind(Enum):
    """How bad events are found."""

    RATIO = "errors of a total"
    LATENCY = "a bucket of a histogram"
    NATIVE = "a native histogram"
    GAUGE = "samples of 0 and 1"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One matcher of a selector."""

    name: str
    op: str
    value: str

    @property
    def is_pattern(self) -> bool:
        """Whether it is held against a regular expression."""
        return self.op in ("=~", "!~")

    def __str__(self) -> str:
        return f"{self.name}{self.op}{quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Metric:
    """Series of one name."""

    name: str
    matchers: tuple[Matcher, ...]

    @classmethod
    def parse(cls, text: str) -> Metric:
        """Reads a selector; `CannotSay` for what is more than one, or has a modifier."""
        try:
            found: Any = promql_parser.parse(text)
        except ValueError:
            found = None
        if not isinstance(found, promql_parser.VectorSelector) or not found.name or found.offset or found.at:
            raise CannotSay(f"{' '.join(text.split())!r} is no name of a metric with matchers alone")
        matchers = (
            Matcher(one.name, _OPS[str(one.op).rpartition(".")[2]], one.value) for one in found.matchers.matchers
        )
        return cls(found.name, tuple(matchers))

    @property
    def equal(self) -> dict[str, str]:
        """Its labels that are matched as they are."""
        return {each.name: each.value for each in self.matchers if each.op == "="}

    @property
    def patterns(self) -> frozenset[str]:
        """The names that regular expressions are held against."""
        return frozenset(each.name for each in self.matchers if each.is_pattern)

    def with_matcher(self, matcher: Matcher) -> Metric:
        """The same series, but for one more matcher."""
        return Metric(self.name, (*self.matchers, matcher))

    def __str__(self) -> str:
        inside = ",".join(sorted(map(str, self.matchers)))
        return f"{self.name}{{{inside}}}" if inside else self.name


@dataclass(frozen=True, slots=True)
class Indicator:
    """The series of an SLO's events; `other` are its errors, or, of latencies, its successes, and `latency` is in seconds."""

    kind: Kind
    total: Metric
    other: Metric
    grouping: tuple[str, ...] = ()
    latency: float = 0.0

    @property
    def boundary(self) -> str:
        """Within how many seconds latencies are good, as the label says it; empty for what is none."""
        if self.kind is Kind.NATIVE:
            return number(self.latency)
        if self.kind is not Kind.LATENCY:
            return ""
        return next((each.value for each in self.other.matchers if each.name == "le"), "")

    @property
    def increase_grouping(self) -> Sequence[str]:
        """By what counts over the whole window are kept apart."""
        if self.kind is Kind.NATIVE:
            return self.grouping
        if self.kind is Kind.GAUGE:
            return sorted({*self.grouping, "__name__", *(each.name for each in self.total.matchers)})
        further = {each.name for each in self.other.matchers} - {each.name for each in self.total.matchers} - {"le"}
        return sorted({*self.grouping, *further, *self.total.patterns})


def indicator_of(slo: SLO, grouping: Iterable[str]) -> Indicator:
    """The indicator of an SLO; `CannotSay` where its events are no series that Pyrra can ask for."""
    queries = slo.sli.promql if slo.sli.promql is not None else counted(slo)
    if queries.counter:
        kind = Kind.RATIO if queries.bad else Kind.LATENCY
        found = Indicator(kind, Metric.parse(queries.total), Metric.parse(queries.bad or queries.good), tuple(grouping))
        if kind is Kind.LATENCY and not found.boundary:
            raise CannotSay("its good events are of no bucket, and Pyrra's ratio is of errors")
        return found
    return _of_window(queries, tuple(grouping))


def _of_window(queries: Queries, grouping: tuple[str, ...]) -> Indicator:
    """Those that the importer wrote as queries over a window."""
    if gauge := _GAUGE.fullmatch(queries.total):
        metric = Metric.parse(gauge[1])
        return Indicator(Kind.GAUGE, metric, metric, grouping)
    if native := _NATIVE.fullmatch(queries.good):
        metric = Metric.parse(native[2])
        return Indicator(Kind.NATIVE, metric, metric, grouping, float(native[1]))
    raise CannotSay("it asks for more than the increase of counters")
