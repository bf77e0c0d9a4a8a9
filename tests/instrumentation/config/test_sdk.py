"""Variables that OpenTelemetry's own packages would raise at keep no service from starting."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from importlib.metadata import distribution, entry_points

import pytest

from fournines.instrumentation.config.sdk import LIMITS, without_mistakes

SERVICE = """
from fournines.instrumentation import instrument
from fastapi import FastAPI
from opentelemetry import propagate

telemetry = instrument(FastAPI(), service="shop")
print(sorted(propagate.get_global_textmap().fields))
"""


def started(**variables):
    """The service's start under these variables."""
    environ = {**os.environ, "OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "none"}
    environ |= {"PYDANTIC_DISABLE_PLUGINS": "__all__", "PYTHONWARNINGS": "ignore"}  # plug-ins may import what raises
    return subprocess.run(
        [sys.executable, "-c", SERVICE],
        env=environ | variables,
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_service_starts_whatever_stands_in_them():
    """Each is told, and the rest holds."""
    done = started(
        OTEL_PROPAGATORS="nosuch,xray,tracecontext",
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="many",
        OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT="-1",
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "['traceparent', 'tracestate', 'x-amzn-trace-id']\n"
    for said in ("'nosuch'", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT='many'", "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT='-1'"):
        assert done.stderr.count(said) == 1


def test_opentelemetry_finds_our_propagator_by_its_name():
    """OTEL_PROPAGATORS=xray names ours where no other package has one: FastAPI's own telemetry looks for it at its import."""
    mine = [one for one in distribution("fournines").entry_points if one.group == "opentelemetry_propagator"]

    assert [one.name for one in mine] == ["xray"]
    assert mine[0].load()().fields == {"x-amzn-trace-id"}
    assert entry_points(group="opentelemetry_propagator", name="xray")


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    ("value", "stays"), [("5", True), (" 0 ", True), ("", True), ("-1", False), ("1.5", False), ("x", False)]
)
def test_limits_that_are_none_are_left_out(name, value, stays, caplog):
    """One line says it."""
    environ = {name: value, "OTEL_SERVICE_NAME": "x"}

    with caplog.at_level(logging.WARNING):
        without_mistakes(environ)

    assert environ == ({name: value} if stays else {}) | {"OTEL_SERVICE_NAME": "x"}
    assert len(caplog.records) == (0 if stays else 1)
