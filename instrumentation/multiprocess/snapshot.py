"""What one worker has counted so far, as plain values: written down, read back and added up without losing a bit.

Sums are exact: whole numbers are added as such, and the others as fractions. Added as floats they would come out a last
bit lower whenever a worker's counts move from its own file to that of the finished ones, and Prometheus takes any fall of
a counter for a restart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any, Final, NamedTuple

from ..counts.point import Exemplar, Key, Total

FORMAT: Final = 1
LASTING: Final = frozenset({"counter", "histogram", "summary"})
"""What outlives the worker that counted it; a gauge says how something is, and a dead worker's is not."""

Labels = tuple[tuple[str, str], ...]
Number = int | Fraction | float
Note = tuple[Labels, float, float | None]
"""An exemplar of prometheus-client: labels, value, epoch seconds."""


class Unreadable(ValueError):
    """A file is not one of ours, or of another version's format."""


class Sample(NamedTuple):
    """One value, and the exemplar beside it."""

    value: Number
    note: Note | None = None


@dataclass
class Family:
    """All samples of one name. `rule` says how those of several workers become one: sum, min, max or each."""

    name: str
    kind: str
    text: str
    unit: str
    rule: str
    samples: dict[tuple[str, Labels], Sample] = field(default_factory=dict)


@dataclass
class DurationSeries:
    """One series of the request durations."""

    counts: list[int]
    seconds: Number
    exemplars: list[Exemplar | None]


@dataclass
class Snapshot:
    """One worker's page, or the sum of several."""

    target: dict[str, str] = field(default_factory=dict)
    boundaries: tuple[float, ...] = ()
    series: dict[Key, DurationSeries] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)

    def totals(self) -> list[Total]:
        """The request durations as the page's maker wants them."""
        return [
            Total(key, tuple(one.counts), float(one.seconds), tuple(one.exemplars)) for key, one in self.series.items()
        ]


def of_totals(totals: Iterable[Total]) -> dict[Key, DurationSeries]:
    """The request durations as they are written down."""
    return {one.key: DurationSeries(list(one.counts), one.seconds, list(one.exemplars)) for one in totals}


def dumped(snapshot: Snapshot) -> dict[str, Any]:
    """As plain values for JSON."""
    return {
        "format": FORMAT,
        "target": snapshot.target,
        "boundaries": snapshot.boundaries,
        "series": [_series_out(key, one) for key, one in snapshot.series.items()],
        "families": [_family_out(one) for one in snapshot.families.values()],
    }


def loaded(plain: Any) -> Snapshot:
    """Back from plain values; raises `Unreadable` for anything that `dumped` did not make."""
    try:
        if plain["format"] != FORMAT:
            raise Unreadable(f"format {plain['format']!r}, not {FORMAT}")
        families = [_family_in(one) for one in plain["families"]]
        boundaries = tuple(float(bound) for bound in plain["boundaries"])
        return Snapshot(
            target={str(name): str(value) for name, value in plain["target"].items()},
            boundaries=boundaries,
            series=dict(_series_in(one, len(boundaries) + 1) for one in plain["series"]),
            families={one.name: one for one in families},
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as e:
        raise Unreadable(f"no counts of a worker: {e}") from e


def packed(snapshot: Snapshot) -> bytes:
    """The bytes of one worker's file."""
    return json.dumps(dumped(snapshot), separators=(",", ":")).encode("ascii")


def unpacked(data: bytes) -> Snapshot:
    """Back from a file's bytes; raises `Unreadable`."""
    return loaded(plain(data))


def plain(data: bytes) -> Any:
    """The plain values of a file's bytes; raises `Unreadable`."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as e:
        raise Unreadable(str(e)) from e


def exact(value: float) -> Number:
    """The same number, such that sums of it do not depend on their order."""
    if not isfinite(value):
        return value
    return int(value) if value == int(value) else Fraction(value)


def _number_out(value: Number) -> int | float | str:
    return str(value) if isinstance(value, Fraction) else value


def _number_in(value: Any) -> Number:
    if isinstance(value, str):
        return Fraction(value)
    return value if isinstance(value, int) else exact(float(value))


def _series_out(key: Key, one: DurationSeries) -> list[Any]:
    exemplars = [[slot, *found] for slot, found in enumerate(one.exemplars) if found is not None]
    return [key, one.counts, _number_out(one.seconds), exemplars]


def _series_in(plain: Any, buckets: int) -> tuple[Key, DurationSeries]:
    key, counts, seconds, exemplars = plain
    if len(counts) != buckets:
        raise Unreadable(f"{len(counts)} buckets, not {buckets}")
    series = DurationSeries([int(count) for count in counts], _number_in(seconds), [None] * buckets)
    for slot, *found in exemplars:
        series.exemplars[slot] = Exemplar(*found)
    return tuple(key), series


def _family_out(one: Family) -> list[Any]:
    samples = [[name, labels, _number_out(found.value), found.note] for (name, labels), found in one.samples.items()]
    return [one.name, one.kind, one.text, one.unit, one.rule, samples]


def _family_in(plain: Any) -> Family:
    *named, samples = plain
    family = Family(*named)
    for name, labels, value, note in samples:
        family.samples[name, _labels(labels)] = Sample(_number_in(value), note and _note(note))
    return family


def _labels(pairs: Any) -> Labels:
    return tuple((name, value) for name, value in pairs)


def _note(plain: Any) -> Note:
    labels, value, at = plain
    return _labels(labels), float(value), at
