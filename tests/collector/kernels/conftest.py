"""What the kernels' tests share: the oracle, what is wanted, bodies to mutate, and columns in a form that can be compared."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def _module(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def oracle():
    """Decoders of spans and logs by way of protobuf objects."""
    return _module("oracle")


@pytest.fixture(scope="session")
def bodies():
    """Makes request bodies and mutates them, by a generator of random numbers."""
    return _module("bodies")


@pytest.fixture(scope="session")
def of_points():
    """Makes requests of metrics, and says what a decoder makes of one."""
    return _module("points_bodies")


@pytest.fixture(scope="session")
def slow():
    """The decoder of points by way of protobuf objects."""
    return _module("points_oracle").decode_points
