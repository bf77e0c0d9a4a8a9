"""From another tool's file and back: imported, kept as OpenSLO, and built as that tool's rules, without a difference to what it wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

TOOLS_OWN = Path(__file__).parents[1] / "alerts" / "rules" / "dialects" / "goldens"
PYRRA = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: http, labels: {pyrra.dev/team: foo}}
spec:
  target: "99.5"
  window: 4w
  indicator:
    ratio:
      errors: {metric: 'http_requests_total{job="app",status=~"5.."}'}
      total: {metric: 'http_requests_total{job="app"}'}
"""


@pytest.fixture
def there_and_back(typed, tmp_path):
    """The files, by their paths, that a dialect is built into from a file that was imported."""

    def go(source, dialect):
        slos, out = tmp_path / "slos", tmp_path / "out"
        for words in (
            ("import", source, "--out", slos),
            ("build", "--slos", slos, "--out", out, "--target", "prometheus", "--dialect", dialect),
        ):
            result = typed(*words)
            assert 0 == result.exit_code, result.output
        return {str(path.relative_to(out)): path.read_text() for path in sorted(out.rglob("*")) if path.is_file()}

    return go


@pytest.mark.parametrize(
    ("name", "path"), [("shop", "sloth/shop.yml"), ("shop-object", "sloth/kubernetes/monitoring/shop-slos.yml")]
)
def test_sloth_s_files_come_back(there_and_back, name, path):
    """What `sloth generate` wrote of the same input, to the byte: rules, and an object of Kubernetes."""
    own = (TOOLS_OWN / "sloth" / f"{name}.out.yml").read_text()

    assert {path: own} == there_and_back(TOOLS_OWN / "sloth" / f"{name}.in.yml", "sloth")


def test_pyrra_s_files_come_back(there_and_back, tmp_path):
    """As Pyrra's own test of a whole file has it, and with its generic rules."""
    source = tmp_path / "http.yaml"
    source.write_text(PYRRA)
    plain, generic = (there_and_back(source, dialect)["pyrra/http.yaml"] for dialect in ("pyrra", "pyrra-generic"))

    assert plain.startswith(
        "groups:\n- interval: 2m30s\n  name: http-increase\n  rules:\n"
        '  - expr: sum by (status) (increase(http_requests_total{job="app"}[4w]))\n    labels:\n      job: app\n      slo: http\n'
        "      team: foo\n    record: http_requests:increase4w\n  - alert: SLOMetricAbsent\n"
    )
    assert plain.endswith(
        '    expr: http_requests:burnrate6h{job="app",slo="http"} > (1 * (1-0.995)) and http_requests:burnrate4d{job="app",slo="http"}\n'
        "      > (1 * (1-0.995))\n    for: 3h0m0s\n    labels:\n      exhaustion: 4w\n      job: app\n      long: 4d\n"
        "      severity: warning\n      short: 6h\n      slo: http\n      team: foo\n"
    )
    assert generic.startswith(plain)
    assert ["http-increase", "http", "http-generic"] == [group["name"] for group in yaml.safe_load(generic)["groups"]]


def test_a_file_whose_slo_is_gone_is_said(typed, there_and_back, tmp_path):
    """It stays, since somebody else's could stand there, and Prometheus would page by it: who builds hears of it."""
    there_and_back(TOOLS_OWN / "sloth" / "shop.in.yml", "sloth")
    old = tmp_path / "out" / "sloth" / "old.yml"
    old.write_text("groups: []\n")
    words = ("--slos", tmp_path / "slos", "--out", tmp_path / "out", "--target", "prometheus", "--dialect", "sloth")
    result = typed("build", *words)

    assert f"note: {old} is of no SLO of this build: take it away, or its rules stay" in result.stderr.splitlines()
    assert 1 == result.stderr.count("is of no SLO of this build")
    assert old.exists()
