"""The pages of the instrumentation say what is so: their examples run, in a process of their own, and show every public name."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fournines import instrumentation
from fournines.instrumentation import Telemetry

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("instrumentation", "requests", "logs", "metrics-page", "redaction", "outgoing", "objectives")
ELSEWHERE = ("work",)
"""Pages whose examples need more around them, and run in a test of their own."""

RUN = """
import json, sys
for page, codes in json.load(sys.stdin).items():
    space = {"__name__": page}
    for number, code in enumerate(codes):
        exec(compile(code, f"docs/{page}.md, example {number + 1}", "exec"), space)
    handle = space.get("telemetry")
    if handle is not None:
        handle.start()
        assert handle.flush(20), page
        handle.shutdown(5)
"""


def blocks(page):
    """A page's examples."""
    return re.findall(r"```python\n(.*?)```", (DOCS / f"{page}.md").read_text(), re.DOTALL)


def test_the_examples_run(http_receiver):
    """Those of a page one after the other, as they are written; what they say arrives."""
    examples = {page: codes for page in PAGES if (codes := blocks(page))}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN],
        input=json.dumps(examples),
        env={"PATH": "", "PYTHONPATH": ":".join(sys.path), "OTEL_EXPORTER_OTLP_ENDPOINT": http_receiver.endpoint},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert 0 == ran.returncode, ran.stderr
    assert {"instrumentation", "logs", "redaction", "outgoing", "objectives"} == examples.keys()
    assert '"message":"paid"' in ran.stdout
    assert any(b"payments-pay-latency" in body for body in http_receiver.acknowledged["metrics"])


@pytest.fixture(scope="module")
def used():
    """Every name and attribute that some example uses."""
    trees = [ast.parse(code) for page in (*PAGES, *ELSEWHERE) for code in blocks(page)]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_every_public_name_has_an_example(used):
    """Errors are named in a page at least; of the handle every method and property is used."""
    text = "".join(path.read_text() for path in DOCS.glob("*.md"))
    mistakes = {
        name for name in instrumentation.__all__ if name.startswith(("Bad", "NoSuch", "NotAn", "Instrumentation"))
    }
    handle = {name for name in vars(Telemetry) if not name.startswith("_")}

    assert [] == sorted(({*instrumentation.__all__} - mistakes - {"Telemetry"} | handle) - used)
    assert [] == sorted(name for name in mistakes if f"`{name}`" not in text)
