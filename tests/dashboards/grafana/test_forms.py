"""The same dashboards and rules, as ConfigMaps and as Terraform's resources: nothing lost, nothing put in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fournines.alerts.rules.grafana import provision
from fournines.dashboards import build_dashboards, write
from fournines.dashboards.grafana.alert_panels import alert_panels
from fournines.dashboards.grafana.forms import literal, write_config_maps, write_terraform
from fournines.dashboards.grafana.push.rules import as_api
from tests.dashboards.conftest import availability

HOSTILE = 'a ${var.secret} %{ if true } "b" $x'


@pytest.fixture
def slos(bank: Any) -> Any:
    """The bank, two names that differ in what objects of Kubernetes can't be called, and one nobody should choose."""
    return [*bank, availability("a_b", "s"), availability("a-b", "s"), availability(HOSTILE, HOSTILE)]


def test_each_file_is_in_a_config_map_of_its_kind(slos: Any, tmp_path: Path) -> None:
    """Named as objects are named, found by its label, and small enough to be taken."""
    files = [*write(tmp_path, slos), *provision.write(tmp_path, slos)]
    written = write_config_maps(tmp_path, files)
    maps = [json.loads(path.read_text()) for path in written]
    data = {
        name: (text, next(iter(each["metadata"]["labels"]))) for each in maps for name, text in each["data"].items()
    }
    wanted = [path for path in files if "provisioning/dashboards" not in path.as_posix()]

    assert {name: text for name, (text, _) in data.items()} == {path.name: path.read_text() for path in wanted}
    assert data["slo-a-b.json"][1] == "grafana_dashboard"
    assert data["fournines-rules.yaml"][1] == "grafana_alert"
    assert data["fournines.yaml"][1] == "grafana_datasource"
    assert len({each["metadata"]["name"] for each in maps}) == len(maps) == len(written)
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?", each["metadata"]["name"]) for each in maps)
    assert all(path.stat().st_size < 1_000_000 for path in written)


def evaluated(text: str) -> str:
    """What Terraform makes of a text without interpolation; one with any is a fault."""
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", text), text
    return text.replace("$${", "${").replace("%%{", "%{")


def test_terraform_reads_what_files_say(slos: Any, tmp_path: Path) -> None:
    """Dashboards by reference to files that are there, rules with everything they have, and nothing put in anywhere."""
    boards, groups = build_dashboards(slos), provision.build_groups(slos, panels=alert_panels(slos))
    written = write_terraform(tmp_path, boards, groups)
    folder = tmp_path / "grafana-terraform"
    resources = json.loads((folder / "fournines.tf.json").read_text())["resource"]

    asked = [
        re.fullmatch(r'\$\{file\("\$\{path\.module\}/(.+)"\)\}', b["config_json"])
        for b in resources["grafana_dashboard"].values()
    ]
    found = [json.loads((folder / match[1]).read_text()) for match in asked if match]
    assert {each["uid"] for each in found} == {board["uid"] for board in boards.values()}
    assert len(written) == len(boards) + 1
    rules = {
        (evaluated(group["name"]), evaluated(rule["name"])): rule
        for group in resources["grafana_rule_group"].values()
        for rule in group["rule"]
    }
    wanted = {(each["title"], rule["title"]): rule for each in map(as_api, groups) for rule in each["rules"]}
    assert rules.keys() == wanted.keys()
    for name, rule in rules.items():
        ours = wanted[name]
        assert {key: evaluated(text) for key, text in rule["annotations"].items()} == ours["annotations"]
        assert [json.loads(evaluated(each["model"])) for each in rule["data"]] == [
            each["model"] for each in ours["data"]
        ]


@pytest.mark.parametrize("text", [HOSTILE, "${", "%{%{", "plain $1 100%"])
def test_a_literal_is_what_it_says(text: str) -> None:
    """By Terraform's own escapes."""
    assert evaluated(literal(text)) == text
