"""Destinations made of a plan: any number of each kind beside one another."""

from __future__ import annotations

import time

import pytest
from prometheus_client import CollectorRegistry

from fournines.collector.outlets import Outlets
from fournines.collector.plan import ToOtlp, ToStore, ToXray


@pytest.fixture
def made(tmp_path):
    """Makes outlets of what is planned, and closes their queues."""
    found = []

    def make(*planned):
        found.append(Outlets(planned, tmp_path, CollectorRegistry(), time.time, lambda: ()))
        return found[-1]

    yield make
    for outlets in found:
        for destination in outlets.destinations:
            destination.close()


def test_several_of_a_kind_stand_beside_one_another(made):
    """Two stores, two regions and two backends each have a queue of their own, and share what counts them."""
    stores = (ToStore("http://127.0.0.1:1/api/v1/write", "a"), ToStore("http://127.0.0.1:2/api/v1/write", "a"))
    regions = (ToXray("eu-central-1"), ToXray("eu-west-1"))
    backends = (ToOtlp("http://127.0.0.1:1"), ToOtlp("http://127.0.0.1:1/other"))

    outlets = made(*stores, *regions, *backends)

    assert 6 == len({destination.name for destination in outlets.destinations})
    assert 2 == len(outlets.publishers)


@pytest.mark.parametrize(
    ("endpoint", "target"),
    [
        ("http://localhost", "localhost:4317"),
        ("https://a.example:9", "a.example:9"),
        ("http://[::1]:4317", "[::1]:4317"),
    ],
)
def test_an_endpoint_of_grpc_is_a_host_and_a_port(made, endpoint, target):
    """The port is gRPC's own where none is said, and an IPv6 address keeps its brackets."""
    (destination,) = made(ToOtlp(endpoint, grpc=True)).destinations

    assert target in repr(destination._forwarder)


def test_a_plan_shows_no_secret():
    """Headers carry tokens."""
    assert "s3cret" not in repr(
        (ToOtlp("http://a", headers={"authorization": "s3cret"}), ToStore("http://a", "b", {"a": "s3cret"}))
    )


def test_a_queue_nobody_owns_is_told_and_left(made, tmp_path, caplog):
    """What waits for a destination that was taken out of the configuration is the operator's to keep or delete."""
    folder = tmp_path / "forward" / "otlp-gone-12345678"
    folder.mkdir(parents=True)
    (folder / "1.segment").write_bytes(b"abc")

    made()

    assert "3 bytes wait in otlp-gone-12345678" in caplog.text
    assert (folder / "1.segment").exists()
