"""The table of docs/collector.md beside what a collector that does everything really emits."""

import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

ROW = re.compile(r"^\| `(fournines_\w+)(?:\{([\w,]+)\})?` \| (counter|gauge|histogram) \|", re.MULTILINE)

CONFIG = """\
xray: {{port: {xray}}}
forward:
  - {{type: otlp, endpoint: "http://127.0.0.1:{nobody}"}}
  - {{type: xray, region: eu-central-1, endpoint: "http://127.0.0.1:{nobody}"}}
  - {{type: remote_write, url: "http://127.0.0.1:{nobody}/api/v1/write", interval: 1s}}
scrape: [{{job: billing, targets: ["127.0.0.1:{nobody}"], interval: 1s}}]
probes: [{{service: payments, url: "tcp://127.0.0.1:{nobody}", interval: 1s}}]
notify: [{{type: webhook, url: "http://127.0.0.1:{nobody}/"}}]
prometheus: {{url: "http://127.0.0.1:{nobody}"}}
"""


@pytest.fixture
def documented(root):
    """Type and labels of each metric the table lists, by its name."""
    text = (root / "docs" / "collector.md").read_text()
    return {name: (kind, set(filter(None, labels.split(",")))) for name, labels, kind in ROW.findall(text)}


def _said(page: str) -> dict[str, tuple[str, set[str]]]:
    found = {}
    for family in text_string_to_metric_families(page):
        if family.name.startswith("fournines_") and not family.name.endswith("_created"):
            name = family.name + "_total" * (family.type == "counter")
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            found[name] = family.type, labels
    return found


def test_every_metric_is_documented_and_every_documented_one_is_emitted(
    collector, running, documented, make_spans, free_port, tmp_path
):
    """Nobody alerts on a metric that is not there, and none is there that nobody explains: name, type and labels."""
    config = tmp_path / "fournines.yaml"
    config.write_text(CONFIG.format(xray=free_port(), nobody=free_port()))
    collector.arguments = ["--config", str(config)]
    place = collector.command.index("--xray-port")
    command = [*collector.command[:place], *collector.command[place + 2 :]]
    with running(collector, command=command):
        collector.post("traces", make_spans("shop", [200, 500]))
        collector.post("traces", b"\xff\xff no protobuf")
        said = _said(httpx.get(collector.url + "/metrics", trust_env=False).text)

    assert documented.keys() == said.keys()
    for name, (kind, labels) in said.items():
        assert documented[name][0] == kind, name
        assert labels <= documented[name][1], name
        assert labels in (set(), documented[name][1]), name
