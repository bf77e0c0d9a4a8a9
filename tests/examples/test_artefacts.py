"""Laws of dashboards and rules as the demo sees them."""

import subprocess
from pathlib import Path

import pytest

from fournines.examples.fintech_edge import artefacts
from fournines.examples.fintech_edge.artefacts import ask_promtool, build, find_promtool, is_rules

RULES = """groups:
- name: demo
  rules:
  - record: demo:ratio
    expr: vector(1)
"""


@pytest.fixture
def builder(monkeypatch):
    """Lets `fournines build` write the given files and end with the given code; promtool is not there."""

    def make(files, code=0):
        def run(command):
            folder = Path(command[command.index("--out") + 1])
            for name, text in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text)
            return subprocess.CompletedProcess(command, code, "", "why it failed")

        monkeypatch.setattr(artefacts, "run", run)
        monkeypatch.setattr(artefacts, "find_promtool", lambda: None)

    return make


def test_what_was_written_is_counted(builder, tmp_path):
    """Dashboards are Grafana's JSON, rules are Prometheus' YAML; provisioning and tests are neither."""
    builder(
        {
            "grafana/dashboards/overview.json": "{}",
            "prometheus/rules.yml": RULES,
            "prometheus/rules_test.yml": "rule_files: []\n",
            "grafana/alerting.yaml": "apiVersion: 1\ngroups:\n",
        }
    )

    made = build(tmp_path, tmp_path / "out")

    assert (1, 1, None, "") == (made.dashboards, made.rule_files, made.accepted, made.error)


def test_a_failed_build_says_why(builder, tmp_path):
    """A build that ends with an error is told with its words and counts nothing."""
    builder({"prometheus/rules.yml": RULES}, code=1)

    made = build(tmp_path, tmp_path / "out")

    assert 0 == made.rule_files
    assert "fournines build ended with 1: why it failed" == made.error


def test_a_build_that_hangs_is_an_error(monkeypatch, tmp_path):
    """A build that does not end is told, not waited for."""

    def hang(command):
        raise subprocess.TimeoutExpired(command, 60)

    monkeypatch.setattr(artefacts, "run", hang)

    assert "took more than" in build(tmp_path, tmp_path / "out").error


def test_promtool_decides(promtool_binary, monkeypatch, tmp_path):
    """Right rules are accepted, wrong ones and none at all are not."""
    monkeypatch.setattr(artefacts, "find_promtool", lambda: str(promtool_binary))
    (tmp_path / "right.yml").write_text(RULES)
    (tmp_path / "wrong.yml").write_text(RULES.replace("vector(1)", "vector("))

    assert ask_promtool([tmp_path / "right.yml"])[0] is True
    assert ask_promtool([tmp_path / "right.yml", tmp_path / "wrong.yml"])[0] is False
    assert ask_promtool([])[0] is False


def test_a_promtool_under_tools_is_found(monkeypatch, tmp_path):
    """PATH comes first, then any bin/promtool under the tools folder; none is None."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_promtool(tmp_path) is None

    unpacked = tmp_path / "prometheus" / "usr" / "bin" / "promtool"
    unpacked.parent.mkdir(parents=True)
    unpacked.touch()
    assert str(unpacked) == find_promtool(tmp_path)


def test_grafanas_alert_groups_are_no_rules(tmp_path):
    """A provisioning file has groups too, and an apiVersion that tells it apart."""
    (tmp_path / "a.yaml").write_text("apiVersion: 1\n" + RULES)
    (tmp_path / "b.yaml").write_text(RULES)

    assert [False, True] == [is_rules(tmp_path / name) for name in ("a.yaml", "b.yaml")]
