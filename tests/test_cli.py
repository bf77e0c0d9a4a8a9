"""The command line as a newcomer types it: exit codes, messages, and never a traceback for somebody's own mistake."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from fournines import __version__
from fournines.cli import app

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: payments-availability
  annotations: {fournines/runbook: https://runbooks.example.com/payments}
spec:
  service: payments
  indicator:
    metadata: {name: payments-availability}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: fournines, spec: {signal: http.server.request.duration}}}
        total: {metricSource: {type: fournines, spec: {signal: http.server.request.duration}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: four nines, target: 0.9999}]
"""


@pytest.fixture
def slo_file(tmp_path):
    path = tmp_path / "slos" / "payments.yaml"
    path.parent.mkdir()
    path.write_text(SLO)
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_version_is_said():
    """`fournines --version` names the program and the version, and nothing else happens."""
    result = run("--version")

    assert (0, f"fournines {__version__}\n") == (result.exit_code, result.stdout)


def test_python_m_is_the_same_program():
    """`python -m fournines` works where no script is on PATH."""
    found = subprocess.run([sys.executable, "-m", "fournines", "--version"], capture_output=True, text=True, check=True)

    assert f"fournines {__version__}\n" == found.stdout


def test_valid_files_are_said_to_be_valid(slo_file):
    """`check` exits 0 and names what it found."""
    result = run("check", slo_file.parent)

    assert (0, "1 SLO valid: payments-availability\n") == (result.exit_code, result.stdout)


def test_advice_is_no_fault(slo_file):
    """What could be better is said, and the exit code stays 0."""
    slo_file.write_text(SLO.replace("  annotations: {fournines/runbook: https://runbooks.example.com/payments}\n", ""))

    result = run("check", slo_file)

    assert 0 == result.exit_code
    assert "advice: " in result.stdout


def test_every_fault_is_named_and_the_exit_code_is_one(slo_file):
    """File, line, path and remedy for each of them."""
    slo_file.write_text(SLO.replace("target: 0.9999", "target: 1.5").replace("30d", "30x"))

    result = run("check", slo_file)

    assert 1 == result.exit_code
    assert f"{slo_file}:15: " in result.stderr
    assert f"{slo_file}:17: " in result.stderr
    assert "2 faults found" in result.stderr


def test_the_same_slo_twice_is_a_fault(slo_file):
    """Two files that promise under one name are both named."""
    slo_file.with_name("copy.yaml").write_text(SLO)

    result = run("check", slo_file.parent)

    assert 1 == result.exit_code
    assert "payments.yaml" in result.stderr
    assert "copy.yaml" in result.stderr


@pytest.mark.parametrize(
    ("target", "wanted"),
    [("all", {"prometheus", "grafana"}), ("prometheus", {"prometheus"}), ("grafana", {"grafana"})],
)
def test_build_writes_what_was_asked_for(slo_file, tmp_path, target, wanted):
    """Each target has a folder of its own; nothing else is written."""
    out = tmp_path / "out"

    result = run("build", "--slos", slo_file.parent, "--out", out, "--target", target)

    assert 0 == result.exit_code, result.output
    assert wanted == {path.name for path in out.iterdir()}
    assert all(str(out) in line for line in result.stdout.splitlines())


def test_building_twice_writes_the_same_bytes(slo_file, tmp_path):
    """What is built can be committed: no clock, no randomness."""
    contents = []
    for name in ("first", "second"):
        run("build", "--slos", slo_file, "--out", tmp_path / name)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        contents.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})

    assert contents[0] == contents[1]
    assert contents[0]


def test_links_of_alerts_lead_where_people_reach_the_pages(slo_file, tmp_path):
    """Behind a proxy the address listened on is of no use at three in the morning."""
    run("build", "--slos", slo_file, "--out", tmp_path, "--target", "prometheus", "--url", "https://slo.example.com/")

    rules = (tmp_path / "prometheus" / "rules.yml").read_text()
    assert "https://slo.example.com/slo/payments-availability" in rules
    assert "127.0.0.1" not in rules


def test_building_from_a_faulty_file_writes_nothing(slo_file, tmp_path):
    """No half of a promise reaches an alert rule."""
    slo_file.write_text("kind: SLO\n")

    result = run("build", "--slos", slo_file, "--out", tmp_path / "out")

    assert 1 == result.exit_code
    assert not (tmp_path / "out").exists()


def test_building_where_nothing_can_be_written_says_so(slo_file, tmp_path):
    """The folder is named, without a traceback."""
    (tmp_path / "out").write_text("a file, no folder")

    result = run("build", "--slos", slo_file, "--out", tmp_path / "out")

    assert 1 == result.exit_code
    assert "can't write to" in result.stderr


def test_a_mistyped_setting_stops_serve_with_its_line(tmp_path):
    """Nothing starts on a configuration that was not understood."""
    config = tmp_path / "fournines.yaml"
    config.write_text("port: 8400\nprot: 1\n")

    result = run("serve", "--config", config)

    assert 1 == result.exit_code
    assert f"{config}:2: prot: unknown key" in result.stderr


def test_the_base_install_says_what_to_install(slo_file):
    """Where a package of the collector is missing, the message names the extra, not a module path."""
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'yaml': raise ModuleNotFoundError(\"No module named 'yaml'\", name='yaml')\n"
        "sys.meta_path.insert(0, Missing())\n"
        f"sys.argv = ['fournines', 'check', {str(slo_file)!r}]\n"
        "from fournines.__main__ import main; main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert 1 == ended.returncode
    assert "pip install 'fournines[collector]'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("rps", ["0", "-1", "nan", "inf", "0.5"])
def test_a_demo_without_customers_is_refused(rps):
    """A rate that is none is said before anything starts."""
    result = CliRunner().invoke(app, ["demo", "--rps", rps])

    assert 2 == result.exit_code
    assert "between 1 and 1000" in result.output


def test_a_path_nobody_can_look_at_is_said_by_check(tmp_path):
    """A link that leads round in a circle is a fault with exit code 1, and nothing else."""
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    result = CliRunner().invoke(app, ["check", str(tmp_path / "loop.yaml")])

    assert 1 == result.exit_code
    assert "can't be read" in result.output
