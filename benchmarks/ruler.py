"""A real Prometheus that evaluates the generated rules of so many SLOs over a day of their events.

The events of six hours stand there as they would be scraped, and their slower copies for the whole day. Nothing is scraped and nothing
compacted meanwhile, so what its process uses is what the rules cost.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from bodies.histories import counter_bodies  # type: ignore[import-not-found] # the folder beside this script
from ingest import binary, cpu_seconds, free_port, running  # type: ignore[import-not-found] # as above

from fournines.alerts import names
from fournines.alerts.rules.prometheus import build_rules
from fournines.slo import DAY, HOUR, MINUTE, SLO, metric_names

SCRAPED_EVERY = 30
COPIED_EVERY = 2 * MINUTE
AHEAD = 5 * MINUTE
"""Samples reach into the future, so that none of the rules ever looks at the end of them."""

FAILING, WORKING = 0.01, 99.99
"""Events a second."""


@dataclass(frozen=True)
class Ruler:
    """A running Prometheus, and how many rules it has, in how many groups."""

    pid: int
    url: str
    rules: int
    groups: int

    def measured(self, seconds: float) -> dict[str, float]:
        """What one evaluation of all rules costs, from those of so many seconds: milliseconds as it says itself, and of CPU."""
        time.sleep(seconds / 4)
        before, used = self._evaluated(), cpu_seconds(self.pid)
        time.sleep(seconds)
        after, used = self._evaluated(), cpu_seconds(self.pid) - used
        rules, groups, duration = (later - earlier for later, earlier in zip(after, before, strict=True))
        assert not self._metric("prometheus_rule_evaluation_failures_total"), "a rule failed"
        return {
            "ms": round(1000 * duration / groups * self.groups, 1),
            "cpu_ms": round(1000 * used / rules * self.rules, 1),
            "rules": self.rules,
        }

    def _evaluated(self) -> tuple[float, float, float]:
        """Rules and groups so far, and the seconds that groups took."""
        group = "prometheus_rule_group_duration_seconds"
        return (
            self._metric("prometheus_rule_evaluations_total"),
            self._metric(f"{group}_count"),
            self._metric(f"{group}_sum"),
        )

    def _metric(self, name: str) -> float:
        """The sum of a metric's series."""
        text = httpx.get(f"{self.url}/metrics", timeout=60, trust_env=False).text
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))


@contextlib.contextmanager
def ruler(slos: Sequence[SLO], interval: int) -> Iterator[Ruler]:
    """Prometheus with the rules of these SLOs, every group evaluated each `interval` seconds, and a day of their events."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        document = build_rules(slos)
        for group in document["groups"]:
            group["interval"] = f"{interval}s"
        (Path(folder) / "rules.yml").write_text(yaml.safe_dump(document))
        (Path(folder) / "prometheus.yml").write_text(f"rule_files: ['{folder}/later/*.yml']\n")
        options = (
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            "--storage.tsdb.min-block-duration=10d",  # hidden, and for tests: nothing is compacted
            "--storage.tsdb.max-block-duration=10d",
            "--web.enable-remote-write-receiver",
            "--web.enable-lifecycle",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        url = f"http://127.0.0.1:{port}"
        with running([binary("prometheus"), *options], f"{url}/-/ready") as pid:
            _fill(url, slos)
            (Path(folder) / "later").mkdir()
            (Path(folder) / "rules.yml").rename(Path(folder) / "later" / "rules.yml")
            httpx.post(f"{url}/-/reload", timeout=120, trust_env=False).raise_for_status()
            yield Ruler(pid, url, sum(len(group["rules"]) for group in document["groups"]), len(document["groups"]))


def _fill(url: str, slos: Sequence[SLO]) -> None:
    end = int(time.time()) + AHEAD
    sources = [(slo, {"slo": slo.name, "service": slo.service}) for slo in slos]
    for result, rate in ((metric_names.GOOD, WORKING), (metric_names.BAD, FAILING)):
        scraped = [{"__name__": metric_names.EVENTS, **labels, metric_names.RESULT: result} for _, labels in sources]
        copies = [
            {"__name__": names.RECORD_EVENTS_COPY, **labels, metric_names.RESULT: result, **_identity(slo)}
            for slo, labels in sources
        ]
        _send(url, counter_bodies(scraped, range(end - 6 * HOUR - AHEAD, end, SCRAPED_EVERY), rate))
        _send(url, counter_bodies(copies, range(end - DAY - AHEAD, end, COPIED_EVERY), rate))


def _identity(slo: SLO) -> dict[str, str]:
    return {
        names.SLOTH_ID: f"{slo.service}-{slo.name}",
        names.SLOTH_SERVICE: slo.service,
        names.SLOTH_SLO: slo.name,
    }


def _send(url: str, bodies: Iterator[Any]) -> None:
    headers = {"content-encoding": "snappy", "content-type": "application/x-protobuf"}
    with httpx.Client(trust_env=False, timeout=120) as client:
        for body in bodies:
            client.post(f"{url}/api/v1/write", content=body, headers=headers).raise_for_status()
