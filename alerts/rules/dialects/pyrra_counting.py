"""An indicator's events over a window, as Pyrra asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .go_text import decimal
from .pyrra_indicator import Indicator, Kind, Metric


@dataclass(frozen=True, slots=True)
class Counting:
    """An indicator's events over a window, by groups, as expressions."""

    one: Indicator
    grouping: Sequence[str]
    window: str

    def records(self) -> Iterator[tuple[Metric, str, tuple[str, str]]]:
        """The records of an indicator's counts: of which series, within which boundary, and the record with its expression."""
        one, total, other = self.one, self.one.total, self.one.other
        if one.kind is Kind.GAUGE:
            for kind in ("count", "sum"):
                yield total, "", (f"{total.name}:{kind}{self.window}", self._summed(f"{kind}_over_time", total))
        elif one.kind is Kind.NATIVE:
            counts = self._summed("increase", total)
            every, within = f"histogram_count({counts})", f"histogram_fraction(0, {decimal(one.latency)}, {counts})"
            yield total, "", (self._named(total), every)
            yield total, one.boundary, (self._named(total), f"{within} * {every}")
        else:
            yield total, "", (self._named(total), self._summed("increase", total))
            if one.kind is Kind.LATENCY or other.name != total.name:
                yield other, one.boundary, (self._named(other), self._summed("increase", other))

    def burn_rate(self) -> str:
        """The share of bad events."""
        total, other = self.one.total, self.one.other
        if self.one.kind is Kind.RATIO:
            return f"{self._summed('rate', other)} / {self._summed('rate', total)}"
        if self.one.kind is Kind.NATIVE:
            return f"1 - histogram_fraction(0, {decimal(self.one.latency)}, {self._summed('rate', total)})"
        of_all, of_good = ("count_over_time", "sum_over_time") if self.one.kind is Kind.GAUGE else ("rate", "rate")
        every = self._summed(of_all, total)
        return f"({every} - {self._summed(of_good, other)}) / {every}"

    def _summed(self, function: str, metric: Metric) -> str:
        by = f" by ({', '.join(self.grouping)}) " if self.grouping else ""
        return f"sum{by}({function}({metric}[{self.window}]))"

    def _named(self, metric: Metric) -> str:
        return increase_name(metric, self.window)


def increase_name(metric: Metric, window: str) -> str:
    """The record of a counter's increase over a window."""
    name = metric.name
    for suffix in ("_total", "_count", "_bucket"):
        name = name.removesuffix(suffix)
    return f"{name}:increase{window}"
