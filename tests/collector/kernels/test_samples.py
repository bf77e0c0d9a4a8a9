"""Samples of remote write from the bytes: the protobuf library's, or left to it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from random import Random

import pytest

from fournines.collector.prometheus.messages import Label, TimeSeries, WriteRequest

VALUES = (0.0, 1.0, -1.5, float("inf"), struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0])


def request(random):
    """A request as senders make them."""
    found = WriteRequest()
    for number in range(random.randrange(5)):
        series = found.timeseries.add()
        for name in ("__name__", "job", "x" * random.choice((1, 150)))[: random.randrange(4)]:
            series.labels.append(Label(name=name, value=f"v{number}").SerializeToString())
        for _ in range(random.choice((0, 1, 1, 1, 3))):
            series.samples.add(
                value=random.choice(VALUES),
                timestamp=random.choice((0, 1, 1_790_000_000_000, -1, 2**62)),
                start_timestamp=random.choice((0, 0, 5)),
            )
        series.exemplars.extend([b"e"] * random.choice((0, 0, 2)))
    found.metadata.extend([b"m"] * random.choice((0, 0, 1)))
    return found


def told(message):
    """What a parsed request says, in plain values."""
    return [
        (
            list(series.labels),
            [(struct.pack("<d", s.value), s.timestamp, s.start_timestamp) for s in series.samples],
        )
        for series in message.timeseries
    ], sum(len(series.exemplars) for series in message.timeseries)


def shown(body, found):
    """The same of what the kernel read."""
    ends = [*found.series[1:, 2].tolist(), len(found.values)][: len(found.series)]
    columns = list(
        zip(
            [struct.pack("<d", value) for value in found.values],
            *(row.tolist() for row in found.samples[:2]),
            strict=True,
        )
    )
    series = [
        (list(TimeSeries.FromString(body[begin:end]).labels), columns[first:last])
        for (begin, end, first, _), last in zip(found.series.tolist(), ends, strict=True)
    ]
    numbers = [number for number, (_, samples) in enumerate(series) for _ in samples]
    assert numbers == found.samples[2].tolist()
    return series, found.exemplars


@pytest.fixture(scope="module")
def read(decoders):
    """The kernel, once there are kernels."""
    from fournines.collector.kernels.samples import read_samples

    return read_samples


@pytest.mark.parametrize("seed", range(4))
def test_usual_requests_are_read_as_the_protobuf_library_reads_them(seed, read):
    """Every one of them, its labels' bytes and its values' bits; mutated ones too, or they are left to the library."""
    random, left = Random(seed), 0
    for _ in range(250):
        message = request(random)
        body = message.SerializeToString()
        assert told(message) == shown(body, read(body, 1000))
        if body:
            mutated = bytearray(body)
            mutated[random.randrange(len(body))] = random.randrange(256)
            cut = bytes(mutated[: random.choice((len(body), random.randrange(len(body) + 1)))])
            found = read(cut, 1000)
            left += found is None
            if found is not None:
                assert told(WriteRequest.FromString(cut)) == shown(cut, found)
    assert 0 < left < 250


def test_native_histograms_labels_apart_and_too_many_are_left_to_the_library(read):
    """What is not usual is not half read."""
    native, many = WriteRequest(), WriteRequest()
    native.timeseries.add(labels=[b"a"]).histograms.add(count_int=1)
    many.timeseries.add(labels=[b"a"]).samples.add(value=1)
    label, sample = TimeSeries(labels=[b"a"]).SerializeToString(), many.timeseries[0].SerializeToString()
    apart = b"\x0a" + bytes([len(label) + len(sample)]) + sample + label

    assert read(native.SerializeToString(), 10) is None
    assert read(apart, 10) is None
    assert read(many.SerializeToString(), 1) is None
    assert 1 == len(read(many.SerializeToString(), 2).values)


PROGRAM = """
import sys
from fournines.collector.kernels.samples import read_samples
from fournines.collector.prometheus.messages import WriteRequest
request = WriteRequest()
request.timeseries.add(labels=[b"a", b"b"], exemplars=[b"e"]).samples.add(value=2.5, timestamp=7, start_timestamp=-1)
request.metadata.append(b"m")
body = request.SerializeToString()
found = read_samples(body, 9)
assert [read_samples(body[:cut], 9) is not None for cut in range(len(body))].count(True) < 4
assert read_samples(body, 1) is None
print(found.samples.tolist(), found.values.tolist(), found.exemplars)
"""


def test_without_the_compiler_samples_are_read_the_same(measured):
    """With the JIT off, the kernel is plain Python that means the same."""
    environment = {**os.environ, **measured, "NUMBA_DISABLE_JIT": "1"}
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )

    assert (0, "[[7], [-1], [0]] [2.5] 1\n") == (child.returncode, child.stdout), child.stderr[-3000:]
