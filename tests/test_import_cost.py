"""A service pays little for the one line: what its import loads, and what that weighs."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BENCHMARK = ROOT / "benchmarks" / "import_cost.py"
UNWANTED = {
    "numba",
    "numpy",
    "grpc",
    "fastapi",
    "uvicorn",
    "pydantic",
    "httptools",
    "uvloop",
    "jinja2",
    "sqlite3",
    "yaml",
    "starlette",
    "requests",
    "prometheus_client",
    "httpx",
    "opentelemetry",
}


@pytest.fixture(scope="module")
def benchmark():
    """The benchmark's module, whose bounds are the test's bounds."""
    spec = importlib.util.spec_from_file_location("import_cost", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*command: str) -> str:
    """What a fresh interpreter prints, out of the tests' own measuring."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}
    return subprocess.run([sys.executable, *command], env=env, capture_output=True, text=True, check=True).stdout


def test_the_instrumentation_loads_nothing_of_the_collector_s():
    """In a clean interpreter it brings neither arrays, nor servers, clients, exporters or OpenTelemetry, nor any other room."""
    loaded = json.loads(run("-c", "import fournines.instrumentation, json, sys; print(json.dumps(list(sys.modules)))"))

    rooms = {name.split(".")[1] for name in loaded if name.startswith("fournines.")}

    assert rooms == {"instrumentation"}
    assert {name.split(".")[0] for name in loaded} & UNWANTED == set()


def test_the_import_stays_within_the_benchmark_s_bounds(benchmark):
    """Memory and modules; the time is for the benchmark to judge, beside its peers."""
    cost = benchmark.import_once(benchmark.OURS)

    assert cost.modules <= benchmark.GOAL_MODULES
    assert cost.megabytes <= benchmark.GOAL_MEGABYTES


def test_the_benchmark_prints_one_object_of_the_agreed_shape(benchmark, monkeypatch, capsys):
    """Name, value, unit, goal, peers, details: what `make bench` collects, a line a benchmark."""
    monkeypatch.setattr(benchmark, "import_once", lambda what: benchmark.Cost(float(len(what)), 2.0, 3.0))
    monkeypatch.setattr(sys, "argv", ["import_cost.py", "--quick", "--json"])

    benchmark.main()
    (figure,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())

    assert set(figure) == {"name", "value", "unit", "goal", "peers", "details"}
    assert (figure["name"], figure["unit"]) == ("import_cost", "ms")
    assert figure["value"] == len(benchmark.OURS)
    assert all(isinstance(peer, float) for peer in figure["peers"].values())


def test_a_benchmark_s_peers_can_be_imported(benchmark):
    """The stack that ours is measured beside is installed with the development extra."""
    assert benchmark.import_once(benchmark.NAIVE_STACK).modules > 0
