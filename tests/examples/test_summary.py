"""Laws of the demo's end."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from fournines.examples.fintech_edge.artefacts import Artefacts
from fournines.examples.fintech_edge.judge import judge
from fournines.examples.fintech_edge.summary import print_summary, write_summary

BUILT = Artefacts(Path("out/build"), 15, 2, accepted=True)


def printed(evidence, width=200):
    """What a stranger reads."""
    console = Console(file=io.StringIO(), width=width)
    print_summary(console, evidence, judge(evidence))
    return console.file.getvalue()


def test_a_stranger_reads_what_the_outage_cost(evidence):
    """The tables say spent, left and burn in each of the three moments, and the verdict in one line."""
    text = printed(evidence)

    for words in ("before", "during", "after", "7.7%", "92.3%", "239.2", "259.2 s of total outage", "checks held."):
        assert words in text


def test_a_failure_is_named(evidence):
    """A check that did not hold is marked, and the last line counts them."""
    text = printed(replace(evidence, unanswered=3))

    assert "FAILED" in text
    assert "3 without" in text
    assert "1 of" in text.splitlines()[-1]


@pytest.mark.parametrize("width", [60, 80, 119])
def test_a_narrow_terminal_is_told_all_that_failed(evidence, width):
    """No number is cut short; of a check that did not hold the expectation is said too."""
    text = printed(replace(evidence, unanswered=3), width)
    lines = [line.split() for line in text.splitlines()]

    assert "…" not in text
    assert "3 without; expected: 0" in text
    assert [len(line) for line in lines if line[1:2] == ["before"]] == [8 + 2 * (width >= 80)] * 3


def test_the_file_holds_the_verdict_and_every_number(evidence, tmp_path):
    """`summary.json` has the checks, the page's seconds, both sides of every count, and the budgets as the API gave them."""
    write_summary(tmp_path / "summary.json", evidence, BUILT, judge(evidence), {"seed": 7})

    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["passed"] is True
    assert 7 == summary["seed"]
    assert 6.5 == summary["page"]["seconds_to_page"]
    assert {"good": 675, "bad": 500} == summary["counts"]["payments"]["ledger"]
    assert 500 == summary["counts"]["gateway"]["customers"]["bad"]
    assert "burning" == summary["budgets"]["after"]["payments-availability"]["state"]
    assert "firing" == summary["pages"][0]["status"]


def test_one_failed_check_is_a_failed_demo(evidence, tmp_path):
    """`passed` is true only if every check held; what is missing is null."""
    poor = replace(evidence, pages=(), after={})
    write_summary(tmp_path / "summary.json", poor, BUILT, judge(poor), {})

    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["passed"] is False
    assert summary["page"]["seconds_to_page"] is None
    assert summary["counts"]["users"]["ledger"] is None
