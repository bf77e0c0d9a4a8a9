"""`fournines push`: everything gets there once, and nothing that a person changed is overwritten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from fournines.cli.program import app
from fournines.dashboards.grafana.push.api import GrafanaApi
from fournines.dashboards.grafana.push.marks import mark_changes
from tests.dashboards.grafana.push.fake_grafana import TOKEN, FakeGrafana, serve

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: pay-availability}
spec:
  service: payments
  indicator:
    metadata: {name: pay}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: fournines, spec: {signal: http.server.request.duration}}}
        total: {metricSource: {type: fournines, spec: {signal: http.server.request.duration}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: four nines, target: 0.9999}]
"""
BOARDS = 7


@pytest.fixture
def grafana() -> Iterator[tuple[FakeGrafana, str]]:
    """A fake Grafana, and where it is."""
    fake = FakeGrafana()
    server = serve(fake)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield fake, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pushed(grafana: Any, tmp_path: Path) -> Any:
    """Types `push`, with the token in the environment."""
    (tmp_path / "slo.yaml").write_text(SLO)

    def type_(*more: str, token: str = TOKEN) -> Any:
        words = [
            "push",
            "--slos",
            str(tmp_path),
            "--grafana",
            grafana[1],
            "--prometheus",
            "http://prometheus:9090",
            *more,
        ]
        return CliRunner().invoke(app, words, env={"FOURNINES_GRAFANA_TOKEN": token})

    return type_


def lines(result: Any, action: str) -> list[str]:
    """What was said of an action."""
    return [line for line in result.output.splitlines() if line.startswith(f"{action} ")]


def test_everything_gets_there_and_a_second_push_changes_nothing(grafana: Any, pushed: Any) -> None:
    """Folder, data source, dashboards and rules; what is there already is left alone."""
    fake, _ = grafana
    first = pushed()

    assert first.exit_code == 0, first.output
    assert len(fake.boards) == BOARDS
    assert set(fake.groups) == {"pay-availability page", "pay-availability ticket", "fournines"}
    assert fake.sources["prometheus"]["url"] == "http://prometheus:9090"
    rule = fake.groups["pay-availability page"]["rules"][0]
    assert rule["annotations"]["__dashboardUid__"] == "slo-pay-availability"
    written = list(fake.written)
    second = pushed()
    assert second.exit_code == 0, second.output
    assert fake.written == written
    assert lines(second, "keep") != []
    assert lines(second, "create") + lines(second, "update") + lines(second, "refuse") == []


def test_a_dry_run_says_what_would_change_and_changes_nothing(grafana: Any, pushed: Any) -> None:
    """With a diff, from what is there to what is wanted."""
    fake, _ = grafana
    assert pushed("--dry-run").exit_code == 0
    assert fake.written == []
    pushed()
    written = list(fake.written)
    fake.saved({**fake.boards["fournines-overview"], "title": "Old"}, "sa", "fournines push 0123456789ab")
    result = pushed("--dry-run")

    assert lines(result, "update") == ["update dashboard fournines-overview"]
    assert '-  "title": "Old"' in result.output
    assert '+  "title": "SLOs: overview"' in result.output
    assert fake.written == written


def test_what_a_person_changed_stays_unless_it_is_forced(grafana: Any, pushed: Any) -> None:
    """It is said who, the rest is pushed, and the command fails."""
    fake, _ = grafana
    pushed()
    fake.saved({**fake.boards["slo-pay-availability"], "title": "Mine"}, "ada", "")
    fake.groups["fournines"]["rules"][0].update(title="Hers", provenance="")
    result = pushed()

    assert result.exit_code == 1
    assert len(lines(result, "refuse")) == 2
    assert "ada changed it in Grafana" in result.output
    assert fake.boards["slo-pay-availability"]["title"] == "Mine"
    assert fake.groups["fournines"]["rules"][0]["title"] == "Hers"
    assert pushed("--force").exit_code == 0
    assert fake.boards["slo-pay-availability"]["title"] == "SLO: pay-availability"
    assert pushed().exit_code == 0


def test_what_the_history_does_not_tell_of_stays(grafana: Any, pushed: Any) -> None:
    """A mark on another version than the one that is there is none."""
    fake, _ = grafana
    pushed()
    fake.versions["fournines-overview"].insert(0, {"version": 9, "createdBy": "bob", "message": "fournines push 1"})
    fake.boards["fournines-overview"]["title"] = "Other"
    result = pushed()

    assert result.exit_code == 1
    assert lines(result, "refuse") == [
        "refuse dashboard fournines-overview: bob changed it in Grafana; --force overwrites that"
    ]


def test_a_dashboard_of_files_stays(grafana: Any, pushed: Any) -> None:
    """Grafana itself would refuse it."""
    fake, _ = grafana
    pushed()
    fake.boards["fournines-overview"]["title"] = "Of a file"
    fake.provisioned = {"fournines-overview"}
    result = pushed()

    assert result.exit_code == 1
    assert "refuse dashboard fournines-overview: it comes from files" in result.output


def test_a_data_source_that_is_set_up_otherwise_stays(grafana: Any, pushed: Any) -> None:
    """Others may ask it, too."""
    fake, _ = grafana
    fake.sources["prometheus"] = {
        "uid": "prometheus",
        "type": "prometheus",
        "url": "http://elsewhere",
        "readOnly": False,
    }
    result = pushed()

    assert result.exit_code == 1
    assert fake.sources["prometheus"]["url"] == "http://elsewhere"


def test_the_token_is_said_nowhere(grafana: Any, pushed: Any) -> None:
    """Refused, it is not in what is said."""
    result = pushed(token="glsa_wrong-secret")

    assert result.exit_code == 1
    assert "401" in result.output
    assert "glsa" not in result.output
    assert pushed(token="").exit_code == 1


def test_deployments_are_marked_once_and_get_their_end(grafana: Any) -> None:
    """A mark for each; under way it is a moment, done it has a length."""
    fake, url = grafana
    going = {
        "service": "payments",
        "version": "2",
        "author": "ada",
        "started": "2026-11-22T03:00:00Z",
        "finished": None,
        "rolled_back": None,
    }
    done = going | {"finished": "2026-11-22T03:05:00Z"}
    with GrafanaApi(url, SecretStr(TOKEN)) as api:
        for deployment in (going, going, done, done):
            for change in mark_changes(api, [deployment]):
                change.apply()

    [mark] = fake.annotations
    assert mark["timeEnd"] - mark["time"] == 300_000
    assert mark["tags"] == ["deploy", "fournines", "payments", "version:2"]
    assert mark["text"] == "payments 2 by ada"
    assert [method for method, _ in fake.written] == ["POST", "PATCH"]
