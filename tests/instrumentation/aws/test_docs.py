"""docs/aws.md shows what runs, and docs/unchanged.md names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from fournines.instrumentation.aws.polling import Told, read_argument
from fournines.instrumentation.resources.here import DETECTORS

DOCS = Path(__file__).parents[3] / "docs"


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_example_runs_and_does_what_is_said(monkeypatch, call, http_receiver, rx):
    """The service with aws-xray-sdk answers, its subsegment is a span below the request's, and the card number does not leave."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", http_receiver.endpoint)
    (example,) = re.findall(r"```python\n(.*?)```", page("aws.md"), re.DOTALL)
    names = {}
    exec(compile(example, "docs/aws.md", "exec"), names)
    assert call(names["app"], "/pay/3").body == b"3"
    assert names["telemetry"].flush()
    names["telemetry"].shutdown()
    spans = {span.name: span for span in http_receiver.spans()}

    assert rx.labels(spans["charge"])["amount"] == 3
    assert spans["charge"].parent_span_id == spans["GET /pay/{amount}"].span_id
    assert rx.labels(spans["GET /pay/{amount}"])["aws.xray.metadata.default"] == '{"card": "REDACTED"}'


def test_every_detector_is_named():
    """Those that look on the machine, and those that ask."""
    assert all(f"`{name}`" in page("aws.md") for name in [*DETECTORS, "aws_ecs", "aws_ec2"])


def test_the_sampler_s_argument_is_one():
    """What the page shows is what is usual."""
    (argument,) = re.findall(r"OTEL_TRACES_SAMPLER_ARG=(\S+)", page("aws.md"))

    assert read_argument(argument) == Told()
