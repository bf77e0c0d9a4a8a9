"""What the tests of the command line share: a command typed in this process, or in one of its own."""

import subprocess
import sys

import httpx
import pytest
from typer.testing import CliRunner

from fournines.cli.program import app
from fournines.client import connection

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
    """A folder with one good SLO file; `slo_file.parent` is the folder."""
    path = tmp_path / "slos" / "payments.yaml"
    path.parent.mkdir()
    path.write_text(SLO)
    return path


@pytest.fixture
def typed():
    """Types a command; gives its exit code and what it wrote."""
    return lambda *words, **environ: CliRunner().invoke(app, [str(word) for word in words], env=environ)


@pytest.fixture
def typed_where():
    """Types a command in a process of its own in which some lines of Python ran before."""

    def type_(lines, *words):
        code = f"import sys\n{lines}\nsys.argv = {['fournines', *map(str, words)]}\nfrom fournines.__main__ import main; main()"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=100)

    return type_


@pytest.fixture
def asked(monkeypatch):
    """Has a collector answer as it is told; gives the requests it gets."""
    made = httpx.Client

    def answers(status, answer):
        requests = []

        def handle(request):
            requests.append(request)
            return httpx.Response(status, json=answer)

        monkeypatch.setattr(
            connection.httpx,
            "Client",
            lambda **options: made(transport=httpx.MockTransport(handle), base_url=options["base_url"]),
        )
        return requests

    return answers
