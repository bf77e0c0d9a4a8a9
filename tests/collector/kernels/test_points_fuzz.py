"""Laws of the points' kernel on any bytes: what the protobuf library reads it reads alike, what that refuses it refuses."""

from __future__ import annotations

from random import Random

import pytest

from fournines.collector.columns import Wanted


@pytest.fixture(scope="module")
def wanted(of_points):
    """Some attributes, and most of the metrics."""
    return Wanted(frozenset({"http.route", "error.type", "http.response.status_code", ""}), of_points.WANTED_NAMES)


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(10))
def test_mutated_points_are_read_as_the_library_reads_them(seed, decoders, slow, bodies, of_points, wanted):
    """A thousand bodies and mutations of each seed: equal columns, or both refuse; equal streams where the body is canonical."""
    random = Random(seed)
    for _ in range(70):
        body = of_points.metrics(random, bodies.attributes)
        for each in bodies.variants(body, random, 19):
            expected = of_points.told(slow, each, wanted, streams=False)
            assert expected == of_points.told(decoders.points, each, wanted, streams=False), each.hex()


@pytest.mark.parametrize("seed", range(3))
def test_streams_are_those_of_the_oracle(seed, decoders, slow, bodies, of_points, wanted):
    """A stream's number is the documented hash of its scope and of all its attributes, whatever they hold."""
    random = Random(seed)
    for _ in range(150):
        body = of_points.metrics(random, bodies.attributes)
        assert of_points.is_canonical(body)
        assert of_points.told(slow, body, wanted) == of_points.told(decoders.points, body, wanted), body.hex()


def test_a_quarter_of_the_bodies_is_read(decoders, bodies, of_points, wanted):
    """The bodies of these tests are no mere garbage: many are read, and give rows enough."""
    random = Random(1)
    told = [
        of_points.told(decoders.points, each, wanted)
        for _ in range(30)
        for each in bodies.variants(of_points.metrics(random, bodies.attributes), random, 19)
    ]

    assert sum(each is not None for each in told) > len(told) / 4
    assert sum(len(each[-1]) for each in told if each is not None) > len(told) / 2
