"""Laws of the kernels on any bytes: what the protobuf library reads they read alike, what it refuses they refuse."""

from __future__ import annotations

from random import Random

import pytest

from fournines.collector.columns import Wanted
from fournines.slo import CLASSIFYING_KEYS

WANTED = Wanted(CLASSIFYING_KEYS | {"http.request.method"}, frozenset())


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(10))
def test_mutated_spans_are_read_as_the_library_reads_them(seed, decoders, oracle, bodies):
    """A thousand bodies and mutations of each seed: equal columns, or both refuse."""
    random = Random(seed)
    for _ in range(70):
        body = bodies.traces(random)
        for each in bodies.variants(body, random, 19):
            read = bodies.told(decoders.spans, each, WANTED)
            assert bodies.told(oracle.decode_spans, each, WANTED) == read, each.hex()


@pytest.mark.parametrize("seed", range(5))
def test_mutated_logs_are_read_as_the_library_reads_them(seed, decoders, oracle, bodies):
    """A thousand bodies and mutations of each seed: equal columns, or both refuse."""
    random = Random(seed)
    for _ in range(60):
        body = bodies.logs(random)
        for each in bodies.variants(body, random, 19):
            assert bodies.told(oracle.decode_logs, each, WANTED) == bodies.told(decoders.logs, each, WANTED), each.hex()


def test_random_bytes_are_read_as_the_library_reads_them(decoders, oracle, bodies):
    """What was never a request is refused by both, or read alike."""
    random = Random(7)
    for _ in range(2_000):
        body = random.randbytes(random.randrange(24))
        assert bodies.told(oracle.decode_spans, body, WANTED) == bodies.told(decoders.spans, body, WANTED), body.hex()
        assert bodies.told(oracle.decode_logs, body, WANTED) == bodies.told(decoders.logs, body, WANTED), body.hex()
