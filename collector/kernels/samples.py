"""Remote write 1.0 from the wire to columns: which bytes are a series' labels, and its samples, without an object for either.

Source: `prompb/remote.proto` and `prompb/types.proto`. Only what senders send is read here: a field that is not among the usual ones, a
native histogram, labels that lie apart and whatever is malformed make the whole request one for the protobuf library.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import types

from .compiled import BODY, INTS, TABLE, Bytes, Floats, Ints, helper, int64, kernel
from .interning import SECRET
from .text import equal, hash_of
from .wire import CONTENT, FIXED64, VARINT, content, fixed64, tag, varint

UNUSUAL: Final = -1
"""The request is not read, because it is not a usual one."""

BEGIN: Final = 0
END: Final = 1
FIRST: Final = 2
HASH: Final = 3
COLUMNS: Final = 4
"""Of each series: where its labels begin and end, which sample is its first one, and the hash of its labels under this process's secret."""

TIME: Final = 0
START: Final = 1
SERIES: Final = 2
"""Of each sample: its time and its start in milliseconds, and which series it is of."""

_SERIES_FIELD: Final = 1 << 3 | CONTENT
_METADATA: Final = 3 << 3 | CONTENT
_LABEL: Final = 1 << 3 | CONTENT
_SAMPLE: Final = 2 << 3 | CONTENT
_EXEMPLAR: Final = 3 << 3 | CONTENT
_VALUE: Final = 1 << 3 | FIXED64
_TIMESTAMP: Final = 2 << 3 | VARINT
_START_TIMESTAMP: Final = 3 << 3 | VARINT

_TAKEN_SERIES, _TAKEN_SAMPLES, _TAKEN_EXEMPLARS = range(3)


class WrittenSamples(NamedTuple):
    """A request's series (columns BEGIN, END, FIRST, HASH) and samples (rows TIME, START, SERIES), and how many exemplars there are."""

    series: Ints
    samples: Ints
    values: Floats
    exemplars: int


def read_samples(body: bytes, most: int) -> WrittenSamples | None:
    """The samples of a usual `WriteRequest` of at most so many series and samples; None where it is none."""
    room = min(most, len(body) // 2) + 1
    series, samples = np.empty((room, COLUMNS), np.int64), np.empty((3, room), np.int64)
    values, taken = np.empty(room, np.float64), np.zeros(3, np.int64)
    buf = np.frombuffer(body, np.uint8)
    status = read_write_request(buf, series, samples, values.view(np.int64), taken, SECRET)
    if status < 0:
        return None
    count = int(taken[_TAKEN_SAMPLES])
    return WrittenSamples(
        series[: taken[_TAKEN_SERIES]], samples[:, :count], values[:count], int(taken[_TAKEN_EXEMPLARS])
    )


def have_labels(body: bytes, series: Ints, letters: Bytes, places: Ints, numbers: Ints) -> bool:
    """Whether each series has the labels of its number, which are `letters` from the first to the second of its `places`."""
    return bool(compare_labels(np.frombuffer(body, np.uint8), series, letters, places, numbers))


@helper
def _read_sample(buf: Bytes, at: int, end: int, samples: Ints, bits: Ints, row: int) -> int:
    """Reads one sample into its row: where it stopped, or UNUSUAL."""
    time, start, value = int64(0), int64(0), int64(0)
    while at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            return UNUSUAL
        if field == _VALUE:
            value, at = fixed64(buf, at, end)
        elif field == _TIMESTAMP:
            time, at = varint(buf, at, end)
        elif field == _START_TIMESTAMP:
            start, at = varint(buf, at, end)
        else:
            return UNUSUAL
        if at < 0:
            return UNUSUAL
    samples[TIME, row], samples[START, row], bits[row] = time, start, value
    return at


@helper
def _read_series(
    buf: Bytes, at: int, end: int, number: int, series: Ints, samples: Ints, bits: Ints, taken: Ints
) -> int:
    """Reads one series and its samples: where it stopped, or UNUSUAL."""
    series[number, BEGIN], series[number, END], series[number, FIRST] = at, at, taken[_TAKEN_SAMPLES]
    labels = 0
    while at < end:
        here = at
        field, at = tag(buf, at, end)
        begin, at = content(buf, at, end) if at >= 0 else (at, at)
        if at < 0:
            return UNUSUAL
        if field == _LABEL:
            if labels == 0:
                series[number, BEGIN] = here
            elif here != series[number, END]:
                return UNUSUAL
            series[number, END] = at
            labels += 1
        elif field == _SAMPLE:
            row = taken[_TAKEN_SAMPLES]
            if row + number + 2 >= len(bits) or _read_sample(buf, begin, at, samples, bits, row) < 0:
                return UNUSUAL
            samples[SERIES, row] = number
            taken[_TAKEN_SAMPLES] = row + 1
        elif field == _EXEMPLAR:
            taken[_TAKEN_EXEMPLARS] += 1
        else:
            return UNUSUAL
    return at


@kernel(types.int64(BODY, TABLE, TABLE, INTS, INTS, types.uint64))
def read_write_request(buf: Bytes, series: Ints, samples: Ints, bits: Ints, taken: Ints, seed: np.uint64) -> int:
    """Fills `series`, `samples` and their values' `bits`, and says in `taken` how many of each; gives 0, or UNUSUAL."""
    at, end = 0, len(buf)
    while at < end:
        field, at = tag(buf, at, end)
        if at < 0:
            return UNUSUAL
        begin, at = content(buf, at, end)
        if at < 0 or (field != _SERIES_FIELD and field != _METADATA):
            return UNUSUAL
        if field == _SERIES_FIELD:
            number = taken[_TAKEN_SERIES]
            if number + taken[_TAKEN_SAMPLES] + 1 >= len(bits):
                return UNUSUAL
            stopped = _read_series(buf, begin, at, number, series, samples, bits, taken)
            if stopped < 0:
                return stopped
            series[number, HASH] = int64(hash_of(buf, series[number, BEGIN], series[number, END], seed))
            taken[_TAKEN_SERIES] = number + 1
    return 0


@kernel(types.boolean(BODY, TABLE, BODY, TABLE, INTS))
def compare_labels(buf: Bytes, series: Ints, letters: Bytes, places: Ints, numbers: Ints) -> bool:
    """As `have_labels`."""
    for row in range(len(series)):
        number = numbers[row]
        begin, there = series[row, BEGIN], places[number, 0]
        size = series[row, END] - begin
        if size != places[number, 1] - there or not equal(buf, begin, letters, there, size):
            return False
    return True
