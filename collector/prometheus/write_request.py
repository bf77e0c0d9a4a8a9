"""One remote write request from its bytes to samples of series that matter; everything else in it is looked at, judged and counted.

Sources: remote write specifications 1.0 and 2.0, sections "Protocol", "Labels" and "Required Partial Write Error Handling".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError

from ..errors import BadRequest
from ..ledger.buckets import FUTURE, latest_end, oldest_booked
from ..rejections import IN_THE_FUTURE, TOO_OLD
from .known_series import COUNTS, FAMILY, IDENTITY, MOST_KNOWN, MOST_KNOWN_LETTERS, ROLE, KnownSeries, decoded_labels
from .labels import Labels, fault_of
from .messages import WriteRequest, WriteRequest2
from .native import of_write
from .points import MILLISECOND
from .rows import PartSample, Value
from .samples import Sample, Samples
from .stale import is_stale_marker
from .translation import TranslatedSeries, Translation

LABELS: Final = "labels"
MIXED: Final = "samples_and_histograms"
MOST_ITEMS: Final = 200_000
"""Series and samples of one request. Prometheus sends 2,000, vmagent 10,000."""

_EMPTY: Final = (b"\x0a\x00", b"\x12\x00")
"""A series and a sample of nothing: two bytes that become an object."""

_GAUGE: Final = 2


class Version(Enum):
    """The two versions, by the message their Content-Type names."""

    ONE = "prometheus.WriteRequest"
    TWO = "io.prometheus.write.v2.Request"


class _Known(NamedTuple):
    """What a label set was found to be."""

    labels: Labels
    series: TranslatedSeries | None
    fault: str


@dataclass(slots=True)
class WriteContent:
    """What a request holds: samples that matter in the order sent; how many of each kind were sound; refused samples by reason.

    Those of counters and classic histograms are in `columns` instead where the request is a usual one. `native` are the sound histograms
    among all, `detail` describes the first refusal.
    """

    translation: Translation
    samples: list[Sample] = field(default_factory=list)
    columns: Samples | None = None
    written: int = 0
    native: int = 0
    exemplars: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    detail: str = ""

    def refuse(self, reason: str, count: int, detail: str) -> None:
        """Counts refused samples."""
        if count:
            self.refused[reason] += count
            self.detail = self.detail or detail


class Reader:
    """Reads requests for one translation, and remembers the label sets it met. Used by several threads."""

    def __init__(self, translation: Translation) -> None:
        self.translation = translation
        self._known: dict[tuple[object, ...], _Known] = {}
        self._letters = 0
        self._series = KnownSeries(translation)
        # Only now: kernels are compiled, or read from where they are kept, when their module is imported.
        from ..kernels.samples import read_samples

        self._read_samples = read_samples

    def read(self, body: bytes, version: Version, received: float) -> WriteContent:
        """Judges a request's bytes, received at epoch second `received`. Raises BadRequest where nothing of it can be told."""
        usual = self._usual(body, received) if version is Version.ONE else None
        return self._judged(parse(body, version), version, received) if usual is None else usual

    def _usual(self, body: bytes, received: float) -> WriteContent | None:
        """A request of which there is nothing to refuse, and that says of no series that it ended, without an object a sample."""
        found = self._read_samples(body, MOST_ITEMS)
        known = None if found is None else self._series.numbers(body, found.series)
        if found is None or known is None:
            return None
        time, start, of = found.samples
        oldest, latest = _bounds(received)
        if len(time) and not oldest <= time.min() <= time.max() <= latest:
            return None
        reading = WriteContent(self.translation, written=len(time), exemplars=found.exemplars)
        number = known.number[of]
        matter = np.flatnonzero(known.facts[number, ROLE])
        if len(matter):
            number, facts = number[matter], known.facts[number[matter]]
            columns = Samples(
                known.series,
                number,
                facts[:, IDENTITY],
                facts[:, FAMILY],
                time[matter],
                start[matter],
                found.values[matter],
            )
            if np.isnan(columns.value).any():
                return None
            counts = facts[:, ROLE] == COUNTS
            reading.samples = list(columns.only(~counts).each())
            reading.columns = columns.only(counts)
        return reading

    def _judged(self, message: Any, version: Version, received: float) -> WriteContent:
        reading = WriteContent(self.translation)
        labels = self._one if version is Version.ONE else self._two(message)
        oldest, latest = _bounds(received)
        items = 0
        for series in message.timeseries:
            items += 1 + len(series.samples) + len(series.histograms)
            if items > MOST_ITEMS:
                raise _too_many()
            known = labels(series)
            if series.samples and series.histograms and version is Version.TWO:
                reading.refuse(
                    MIXED, len(series.samples) + len(series.histograms), "a series has samples and histograms"
                )
            elif known.fault:
                _refuse_series(reading, series, known)
            else:
                reading.exemplars += len(series.exemplars)
                self._take(reading, series, known, oldest, latest)
        return reading

    def _take(self, reading: WriteContent, series: Any, known: _Known, oldest: int, latest: int) -> None:
        for sample in series.samples:
            if _in_time(reading, sample.timestamp, oldest, latest, known.labels):
                reading.written += 1
                if known.series is not None:
                    reading.samples.append(_sample(known.series, sample))
        if series.histograms:
            native = self.translation.series(known.labels, native=True)
            for histogram in series.histograms:
                if _in_time(reading, histogram.timestamp, oldest, latest, known.labels):
                    reading.native += 1
                    found = None if native is None else _histogram(native, histogram)
                    if found is not None:
                        reading.samples.append(found)

    def _one(self, series: Any) -> _Known:
        key = tuple(series.labels)
        known = self._known.get(key)
        if known is None:
            known = self._remember(key, decoded_labels(key), any_name=False)
        return known

    def _two(self, message: Any) -> Callable[[Any], _Known]:
        symbols: list[str] = list(message.symbols)
        if message.timeseries and (not symbols or symbols[0]):
            raise BadRequest("the symbols of a remote write 2.0 request begin with an empty one")

        def labels(series: Any) -> _Known:
            refs = series.labels_refs
            if len(refs) % 2 or any(ref >= len(symbols) for ref in refs):
                return _Known((), None, "has references to labels that are not there")
            texts = [symbols[ref] for ref in refs]
            gauge = series.metadata.type == _GAUGE
            key = (*texts, gauge)
            found = self._known.get(key)
            if found is None:
                found = self._remember(
                    key, tuple(zip(texts[::2], texts[1::2], strict=True)), any_name=True, gauge=gauge
                )
            return found

        return labels

    def _remember(self, key: tuple[object, ...], labels: Labels, *, any_name: bool, gauge: bool = False) -> _Known:
        fault = fault_of(labels, any_name=any_name)
        series = None if fault else self.translation.series(labels, gauge=gauge)
        self._letters += sum(len(name) + len(value) for name, value in labels)
        if len(self._known) >= MOST_KNOWN or self._letters > MOST_KNOWN_LETTERS:
            self._known.clear()
            self._letters = 0
        known = self._known[key] = _Known(labels, series, fault)
        return known


def parse(body: bytes, version: Version) -> Any:
    """The request's message; raises BadRequest."""
    if sum(map(body.count, _EMPTY)) > MOST_ITEMS:
        raise _too_many()
    try:
        return (WriteRequest if version is Version.ONE else WriteRequest2).FromString(body)
    except DecodeError as error:
        raise BadRequest(f"the body can't be read as {version.value}") from error


def _bounds(received: float) -> tuple[int, int]:
    """The first and the last millisecond that can be booked then."""
    return oldest_booked(received) // MILLISECOND, latest_end(received) // MILLISECOND


def _too_many() -> BadRequest:
    return BadRequest(f"more than {MOST_ITEMS:,} series and samples in one request; send smaller ones")


def _sample(series: TranslatedSeries, sample: Any) -> Sample:
    value: float = sample.value
    told = None if is_stale_marker(value) else PartSample(series, value, sample.start_timestamp)
    return Sample(series, sample.timestamp, told)


def _histogram(series: TranslatedSeries, histogram: Any) -> Sample | None:
    if is_stale_marker(histogram.sum):
        return Sample(series, histogram.timestamp, None)
    value: Value | None = of_write(histogram)
    return (
        None
        if value is None
        else Sample(series, histogram.timestamp, PartSample(series, value, histogram.start_timestamp))
    )


def _refuse_series(reading: WriteContent, series: Any, known: _Known) -> None:
    reading.refuse(
        LABELS, len(series.samples) + len(series.histograms), f"a series {known.fault}: {shown(known.labels)}"
    )


def _in_time(reading: WriteContent, time: int, oldest: int, latest: int, labels: Labels) -> bool:
    if oldest <= time <= latest:
        return True
    ahead = time > latest
    words = f"is more than {FUTURE // 60} minutes in the future" if ahead else "is older than what is kept"
    reading.refuse(IN_THE_FUTURE if ahead else TOO_OLD, 1, f"a sample of {shown(labels)} {words}")
    return False


def shown(labels: Labels) -> str:
    """A label set in words, cut to a length a log can bear."""
    return "".join(_words(labels))[:300]


def _words(labels: Labels) -> Iterator[str]:
    yield "{"
    yield ", ".join(f"{name}={value!r}" for name, value in labels[:20])
    yield "}"
