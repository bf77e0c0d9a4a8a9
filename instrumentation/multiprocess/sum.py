"""Adding up what workers have counted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from ..counts.point import Exemplar
from .snapshot import (
    LASTING,
    DurationSeries,
    Family,
    Note,
    Number,
    Sample,
    Snapshot,
    exact,
)

CREATED: Final = "_created"
QUANTILE: Final = "quantile"


def summed(snapshots: Iterable[Snapshot]) -> Snapshot:
    """One page of several: counts added, the newest exemplar of each bucket, and of the target what all agree on."""
    total = Snapshot()
    targets = []
    for one in snapshots:
        _add_series(total, one)
        for family in one.families.values():
            into = total.families.setdefault(
                family.name, Family(family.name, family.kind, family.text, family.unit, family.rule)
            )
            if into.kind == family.kind:
                _add_samples(into, family)
        if one.target:
            targets.append(set(one.target.items()))
    total.target = dict(set.intersection(*targets)) if targets else {}
    return total


def lasting(snapshot: Snapshot) -> Snapshot:
    """What stays when the worker has gone: its counts, without its gauges and its name."""
    kept = {name: family for name, family in snapshot.families.items() if family.kind in LASTING}
    return Snapshot({}, snapshot.boundaries, snapshot.series, kept)


def _add_series(total: Snapshot, one: Snapshot) -> None:
    if not total.series:
        total.boundaries = one.boundaries
    common = total.boundaries
    if one.series and common != one.boundaries:
        common = tuple(bound for bound in common if bound in set(one.boundaries))
    for key, series in one.series.items():
        mine = _coarser(series, one.boundaries, common)
        there = total.series.get(key)
        total.series[key] = mine if there is None else _added(_coarser(there, total.boundaries, common), mine)
    if common != total.boundaries:
        missing = total.series.keys() - one.series.keys()
        total.series |= {key: _coarser(total.series[key], total.boundaries, common) for key in missing}
        total.boundaries = common


def _coarser(series: DurationSeries, bounds: Sequence[float], common: Sequence[float]) -> DurationSeries:
    """The same counts between fewer boundaries, all of which are among its own: still exact, nothing is interpolated."""
    if bounds == common:
        return series
    counts = [0] * (len(common) + 1)
    exemplars: list[Exemplar | None] = [None] * len(counts)
    for slot, count in enumerate(series.counts):
        wider = bisect_left(common, bounds[slot]) if slot < len(bounds) else len(common)
        counts[wider] += count
        exemplars[wider] = _newer(exemplars[wider], series.exemplars[slot])
    return DurationSeries(counts, series.seconds, exemplars)


def _added(one: DurationSeries, other: DurationSeries) -> DurationSeries:
    counts = [a + b for a, b in zip(one.counts, other.counts, strict=True)]
    exemplars = [_newer(a, b) for a, b in zip(one.exemplars, other.exemplars, strict=True)]
    return DurationSeries(counts, _plus(one.seconds, other.seconds), exemplars)


def _newer(one: Exemplar | None, other: Exemplar | None) -> Exemplar | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda exemplar: exemplar.at)


def _add_samples(into: Family, family: Family) -> None:
    for key, sample in family.samples.items():
        there = into.samples.get(key)
        if QUANTILE in (name for name, _ in key[1]) and family.kind == "summary":
            continue  # quantiles of several workers are no quantiles of all
        if there is None:
            into.samples[key] = sample
            continue
        rule = "min" if key[0] == family.name + CREATED else family.rule
        into.samples[key] = Sample(_combined(rule, there.value, sample.value), _newer_note(there.note, sample.note))


def _combined(rule: str, one: Number, other: Number) -> Number:
    if rule == "sum":
        return _plus(one, other)
    return {"min": min, "max": max}[rule](one, other) if rule in ("min", "max") else other


def _plus(one: Number, other: Number) -> Number:
    if isinstance(one, float):
        one = exact(one)
    if isinstance(other, float):
        other = exact(other)
    return one + other


def _newer_note(one: Note | None, other: Note | None) -> Note | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda note: note[2] or 0.0)
