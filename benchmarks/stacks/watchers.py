"""Those who page: fournines, and Prometheus with Alertmanager at some settings; each began an hour of health ago.

Prometheus' rules are the workbook's two page pairs on the request counter of the services themselves, evaluated in one group, without
`for`: recorded ratios of 5 m, 30 m, 1 h and 6 h, as Sloth names them.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from bodies.histories import counter_bodies  # type: ignore[import-not-found] # the folder beside this script
from ingest import PROTOBUF, binary, free_port, running  # type: ignore[import-not-found] # as above
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, HistogramDataPoint

OBJECTIVE: Final = 0.9999
COUNTER: Final = "http_server_request_duration_seconds_count"
HISTORY_SECONDS: Final = 3600
_STEP: Final = 10
_PAIRS: Final = (("5m", "1h", 14.4), ("30m", "6h", 6.0))
_SLO: Final = """\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {service}-availability}}
spec:
  service: {service}
  indicator:
    metadata: {{name: {service}-requests}}
    spec:
      ratioMetric:
        counter: true
        good: {{metricSource: {{type: fournines, spec: {{signal: http.server.request.duration}}}}}}
        total: {{metricSource: {{type: fournines, spec: {{signal: http.server.request.duration}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {objective}}}]
"""


@dataclass(frozen=True)
class Pace:
    """How often Prometheus scrapes and evaluates, and how long Alertmanager gathers before it tells; seconds."""

    scrape: int
    evaluation: int
    group_wait: int


@contextlib.contextmanager
def fournines(folder: Path, services: Sequence[str], rate: int, hook: str) -> Iterator[str]:
    """A collector with an SLO a service that pages to `hook`; yields where services export to."""
    slos = folder / "slos.yaml"
    slos.write_text("---\n".join(_SLO.format(service=service, objective=OBJECTIVE) for service in services))
    pages, otlp = free_port(), free_port()
    ports = ("--port", pages, "--otlp-http-port", otlp, "--otlp-grpc-port", 0, "--xray-port", 0)
    command = (sys.executable, "-m", "fournines", "serve", "--data", folder / "data", "--slos", slos, *ports)
    env = {"FOURNINES_KERNELS": os.environ.get("FOURNINES_KERNELS", str(folder / "kernels"))}
    with running([*command, "--webhook", hook], f"http://127.0.0.1:{pages}/readyz", env):
        for service in services:
            answer = httpx.post(
                f"http://127.0.0.1:{otlp}/v1/metrics",
                content=_past(service, rate),
                headers={"content-type": PROTOBUF},
                timeout=60,
                trust_env=False,
            )
            answer.raise_for_status()
        yield f"http://127.0.0.1:{otlp}"


def _past(service: str, rate: int) -> bytes:
    """An hour of requests that went well, as the service would have exported them."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    for key, value in (("service.name", service), ("service.instance.id", "before")):
        resource.resource.attributes.add(key=key).value.string_value = value
    metric = resource.scope_metrics.add().metrics.add(name="http.server.request.duration", unit="s")
    metric.histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    end = int(time.time()) // _STEP * _STEP
    for second in range(end - HISTORY_SECONDS, end, _STEP):
        _add_point(metric.histogram.data_points.add(), second, rate * _STEP)
    return request.SerializeToString()


def _add_point(point: HistogramDataPoint, second: int, count: int) -> None:
    point.start_time_unix_nano, point.time_unix_nano = second * 10**9, (second + _STEP) * 10**9
    point.count, point.sum = count, count / 1000
    point.explicit_bounds.append(0.25)
    point.bucket_counts.extend([count, 0])
    for key, value in (("http.request.method", "GET"), ("http.route", "/pay")):
        point.attributes.add(key=key).value.string_value = value
    point.attributes.add(key="http.response.status_code").value.int_value = 200


@contextlib.contextmanager
def prometheus(folder: Path, targets: Mapping[str, int], rate: int, hook: str, pace: Pace) -> Iterator[None]:
    """Prometheus and Alertmanager at that pace, which scrape the services by their ports and page to `hook`."""
    alertmanager, port = free_port(), free_port()
    _write(folder / "alertmanager.yml", _routes(hook, pace))
    _write(folder / "rules.yml", _rules(pace))
    _write(folder / "prometheus.yml", _scrapes(targets, alertmanager, pace))
    tells = (
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address=127.0.0.1:{alertmanager}",
        "--cluster.listen-address=",
    )
    judges = (
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--web.enable-lifecycle",
    )
    with (
        running(
            [binary("prometheus-alertmanager", "alertmanager"), *tells], f"http://127.0.0.1:{alertmanager}/-/ready"
        ),
        running([binary("prometheus"), *judges], f"http://127.0.0.1:{port}/-/ready"),
    ):
        _remember(f"http://127.0.0.1:{port}", targets, rate)
        yield


def _remember(url: str, services: Mapping[str, int], rate: int) -> None:
    """The hour of health, as scraped every fifteen seconds."""
    end = int(time.time())
    series = [
        {"__name__": COUNTER, "job": service, "instance": "before", "http_response_status_code": "200"}
        for service in services
    ]
    headers = {"content-encoding": "snappy", "content-type": "application/x-protobuf"}
    with httpx.Client(trust_env=False, timeout=60) as client:
        for body in counter_bodies(series, range(end - HISTORY_SECONDS, end, 15), rate):
            client.post(f"{url}/api/v1/write", content=body, headers=headers).raise_for_status()


def _routes(hook: str, pace: Pace) -> dict[str, Any]:
    route = {"receiver": "hook", "group_by": ["alertname", "service"], "group_wait": f"{pace.group_wait}s"}
    return {"route": route, "receivers": [{"name": "hook", "webhook_configs": [{"url": hook}]}]}


def _rules(pace: Pace) -> dict[str, Any]:
    windows = [window for short, long, _ in _PAIRS for window in (short, long)]
    recorded = [{"record": f"slo:sli_error:ratio_rate{window}", "expr": _ratio(window)} for window in windows]
    pairs = " or ".join(
        f"(slo:sli_error:ratio_rate{short} > {limit:.6f} and slo:sli_error:ratio_rate{long} > {limit:.6f})"
        for short, long, limit in ((short, long, factor * (1 - OBJECTIVE)) for short, long, factor in _PAIRS)
    )
    alert = {"alert": "SLOErrorBudgetBurn", "expr": pairs, "labels": {"severity": "page"}}
    return {"groups": [{"name": "slo", "interval": f"{pace.evaluation}s", "rules": [*recorded, alert]}]}


def _ratio(window: str) -> str:
    """By service; the label comes from the job's name."""
    bad = f'sum by (job) (rate({COUNTER}{{http_response_status_code=~"5.."}}[{window}]))'
    every = f"sum by (job) (rate({COUNTER}[{window}]))"
    return f'label_replace({bad} / {every}, "service", "$1", "job", "(.*)")'


def _scrapes(targets: Mapping[str, int], alertmanager: int, pace: Pace) -> dict[str, Any]:
    jobs = [
        {"job_name": service, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        for service, port in targets.items()
    ]
    return {
        "global": {"scrape_interval": f"{pace.scrape}s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "rule_files": ["rules.yml"],
        "scrape_configs": jobs,
    }


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document) if path.suffix == ".json" else yaml.safe_dump(dict(document), sort_keys=False))
