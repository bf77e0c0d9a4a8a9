"""docs/terminal.md and docs/service-developer.md as somebody follows them: every command is answered as the page says, every example runs.

Who answers is no collector, but the examples of its API; that a collector answers like them is told by tests/serving/test_contract.py.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import typer

from fournines import answers
from fournines.cli import top
from fournines.cli.program import app
from fournines.client import connection

NOW = 1_795_317_165.0
SLO = "/api/v1/slos/payments-availability"
ANSWERS = {
    "/api/v1/slos": answers.SLOS,
    SLO: answers.SLO_DETAIL,
    f"{SLO}/history": answers.HISTORY,
    f"{SLO}/contributors": answers.CONTRIBUTORS,
    "/api/v1/alerts": answers.ALERTS,
    "/api/v1/alerts/slo/payments-availability/page/acknowledge": answers.ALERT,
    "/api/v1/alerts/slo/payments-availability/page/notes": answers.ALERT,
    "/api/v1/silences": answers.SILENCE | answers.SILENCES,
    "/api/v1/silences/3": answers.SILENCE,
    "/api/v1/corrections": answers.CORRECTION,
    "/api/v1/deployments": answers.DEPLOYMENTS | answers.DEPLOYMENT,
    "/api/v1/gate": answers.GATE,
    "/api/v1/traces": answers.TRACES,
    f"/api/v1/traces/{answers.TRACE['trace_id']}": answers.TRACE,
}
REFUSED = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is nothing of that name"}


@pytest.fixture
def answered(monkeypatch):
    """Has every client be answered by the examples."""
    made = httpx.Client

    def answer(request):
        found = ANSWERS.get(request.url.path)
        kept = {key: values[0] for key, values in parse_qs(urlsplit(str(request.url)).query).items()}
        if "state" in kept and request.url.path == "/api/v1/alerts":
            return httpx.Response(200, json={"alerts": [], "next": None})
        return httpx.Response(404 if found is None else 200, json=REFUSED if found is None else found)

    options = {"transport": httpx.MockTransport(answer)}
    monkeypatch.setattr(connection.httpx, "Client", lambda **said: made(base_url=said["base_url"], **options))
    monkeypatch.setattr(top, "wall", lambda: NOW)


def blocks(root, page, language):
    text = (root / "docs" / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_terminal_s_page_is_answered_as_it_says(root, typed, answered):
    """Every line that is typed, to the last letter of what follows it, and its exit code."""
    code, seen = 0, 0
    for block in blocks(root, "terminal.md", "console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, expected = step.partition("\n")
            if line == "echo $?":
                assert f"{code}\n" == expected, line
                continue
            command, *words = shlex.split(line)
            assert "fournines" == command
            done = typed(*words, USER="ana", COLUMNS="120")
            assert [*map(str.rstrip, expected.splitlines())] == [*map(str.rstrip, done.output.splitlines())], line
            code, seen = done.exit_code, seen + 1

    assert seen >= 10


def test_the_developer_s_examples_run(root, answered):
    """Each by itself, and what they print is what their last comment says."""
    examples = blocks(root, "service-developer.md", "python")
    for example in examples:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(example, "service-developer.md", "exec"), {})
        assert re.findall(r"# -> (.*)", example) == out.getvalue().splitlines()

    assert len(examples) >= 3


def commands(group, name="fournines"):
    """Every command there is, as it is typed."""
    for word, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {word}")
        if not hasattr(command, "commands") or getattr(command, "invoke_without_command", False):
            yield f"{name} {word}", command


def test_every_command_is_on_the_page(root):
    """And none that is gone."""
    text = (root / "docs" / "service-developer.md").read_text()
    listed = re.findall(r"^\| `(fournines [a-z -]+?)`", text, re.MULTILINE)

    assert sorted(name for name, _ in commands(typer.main.get_command(app))) == sorted(listed)


def test_whoever_answers_from_a_collector_can_do_so_in_json():
    """A command that asks a collector has `--json` beside its words."""
    documents = {"fournines import", "fournines report"}  # they write one, in a format of its own
    faults = []
    for name, command in commands(typer.main.get_command(app)):
        options = {option: one for one in command.params for option in one.opts}
        asks = "--url" in options and options["--url"].help == "The collector's pages and API."
        faults += [name] if asks and "--json" not in options and name not in documents else []

    assert [] == faults


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell):
    """As its completion script asks for."""
    asked = {"bash": {"COMP_WORDS": "fournines tra", "COMP_CWORD": "1"}}.get(
        shell, {"_TYPER_COMPLETE_ARGS": "fournines tra"}
    )
    said = {"_FOURNINES_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args", **asked}
    code = "import sys; sys.argv = ['fournines']; from fournines.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | said, capture_output=True, text=True, check=False
    )

    assert "traces" in done.stdout
    assert "status" not in done.stdout
