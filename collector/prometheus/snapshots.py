"""What this collector counts, as remote write 2.0 requests under a label of its own; they are queued as they are, uncompressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from prometheus_client import Metric

from .labels import NAME, Labels
from .messages import WriteRequest2
from .stale import STALE

_PREFIX: Final = "slo_"
_KINDS: Final = {"counter": 1, "gauge": 2, "histogram": 3}


class Snapshots:
    """Makes requests of the SLOs' metric families. A series that was in the last one and is in this no more is said to have ended."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = dict(labels)
        self._last: dict[Labels, int] = {}

    def take(self, families: Iterable[Metric], now: float) -> tuple[bytes, int]:
        """The SLOs' families as they are at `now`: the request, and how many samples it holds."""
        values: dict[Labels, tuple[float, int]] = {}
        for family in families:
            if family.name.startswith(_PREFIX):
                for sample in family.samples:
                    labels = {**sample.labels, **self._labels, NAME: sample.name}
                    key = tuple(sorted((name, value) for name, value in labels.items() if value))
                    values[key] = float(sample.value), _KINDS.get(family.type, 0)
        ended = {key: (STALE, kind) for key, kind in self._last.items() if key not in values}
        self._last = {key: kind for key, (_, kind) in values.items()}
        return _request(values | ended, round(now * 1000)), len(values) + len(ended)


def _request(values: Mapping[Labels, tuple[float, int]], time: int) -> bytes:
    request: Any = WriteRequest2()
    symbols = {"": 0}
    for key, (value, kind) in values.items():
        series = request.timeseries.add()
        series.labels_refs.extend(symbols.setdefault(text, len(symbols)) for pair in key for text in pair)
        series.samples.add(value=value, timestamp=time)
        series.metadata.type = kind
    request.symbols.extend(symbols)
    whole: bytes = request.SerializeToString()
    return whole
