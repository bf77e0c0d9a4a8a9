"""`backtest` as somebody types it who wonders what a policy would have done."""

import contextlib
import json
import xml.etree.ElementTree as ET

import pytest

from fournines.cli import backtest_source
from fournines.cli.backtest_source import MOST_STEPS, CollectorHistory
from fournines.slo import HistoryPoint, Interval

START = 1_800_000_000


@pytest.fixture
def counts(tmp_path):
    """A day of 10 requests a second, by the minute, with ten minutes of outage after twelve hours."""
    lines = (
        f"{START + at},payments-availability,{0 if 43200 <= at < 43800 else 600},600" for at in range(0, 86_400, 60)
    )
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(["time,slo,good,total", *lines]))
    return path


def test_policies_are_compared_over_a_file(typed, slo_file, counts):
    """Which time, a head, and a line for each policy that was named."""
    result = typed("backtest", "--slos", slo_file, "--counts", counts, "--policy", "sloth", "--policy", "page 2% 1h 5m")
    when, head, *rows = result.stdout.splitlines()

    assert 0 == result.exit_code, result.stderr
    assert "2027-01-15T08:00:00Z to 2027-01-16T08:00:00Z, in steps of 1m" == when
    assert head.startswith("policy")
    assert [("sloth", "1"), ("page 2% 1h 5m", "1")] == [(row[:14].strip(), row[14:].split()[0]) for row in rows]


def test_everything_is_there_as_json_and_as_a_picture(typed, slo_file, counts, tmp_path):
    """For programs, and to look at."""
    drawing = tmp_path / "drawn.svg"
    result = typed(
        "backtest", "--slos", slo_file, "--counts", counts, "--json", "--svg", drawing, "--from", "-18h", "--to", "-6h"
    )
    found = json.loads(result.stdout)

    assert ("2027-01-15T14:00:00Z", "2027-01-16T02:00:00Z") == (found["from"], found["to"])
    assert "fournines" == found["policies"][0]["policy"]
    assert ET.parse(drawing).getroot().tag.endswith("svg")


def test_incidents_can_be_given(typed, slo_file, counts, tmp_path):
    """One that nobody was told of is MISSED, whatever the counts say."""
    path = tmp_path / "incidents.csv"
    path.write_text("start,end\n2027-01-15T10:00,2027-01-15T11:00\n")
    result = typed(
        "backtest", "--slos", slo_file, "--counts", counts, "--incidents", path, "--list", "--policy", "fournines"
    )

    assert (
        "  2027-01-15T10:00:00Z  payments-availability  incident of 1h, 0 % of the budget: MISSED"
        in result.stdout.splitlines()
    )


def test_the_model_is_compared_without_any_file(typed):
    """A head, and a line for each policy, rate and objective."""
    result = typed(
        "backtest",
        "--simulate",
        "--rate",
        "1",
        "--objective",
        "99%",
        "--days",
        "2",
        "--services",
        "1",
        "--policy",
        "pyrra",
    )
    as_json = typed(
        "backtest",
        "--simulate",
        "--rate",
        "1",
        "--objective",
        "0.99",
        "--days",
        "2",
        "--services",
        "1",
        "--policy",
        "pyrra",
        "--json",
    )

    assert ["requests", "1/s"] == [line.split()[0] for line in result.stdout.splitlines()]
    assert [(1.0, "0.99", "pyrra")] == [
        (each["requests_per_second"], each["objective"], each["policy"]) for each in json.loads(as_json.stdout)
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--policy", "nope", "--simulate"], 1, "'nope' is no policy"),
        (["--simulate", "--objective", "2"], 1, "a target lies between 0 and 1"),
        (["--simulate", "--rate", "0"], 2, "0 requests a second can't be"),
        (["--simulate", "--rate", "-1"], 2, "-1 requests a second can't be"),
        (["--simulate", "--rate", "nan"], 2, "nan requests a second can't be"),
        (["--simulate", "--svg", "x.svg", "--counts", "COUNTS"], 2, "a model has no use for --counts, --svg"),
        ([], 2, "say which SLOs are meant, or --simulate"),
        (["--slos", "SLOS", "--counts", "nowhere.csv"], 1, "nowhere.csv can't be read"),
        (["--slos", "SLOS", "--data", "nowhere"], 1, "there is no ledger nowhere"),
        (["--slos", "SLOS", "--url", "http://127.0.0.1:9"], 1, "counts can't be asked for"),
        (["--slos", "SLOS", "--url", f"https://{'a' * 64}"], 1, "counts can't be asked for"),
        (["--slos", "SLOS", "--prometheus", f"https://{'a' * 64}"], 1, "counts can't be asked for"),
        (["--slos", "SLOS", "--url", "x", "--data", "y"], 2, "say one of"),
        (["--slos", "nowhere", "--counts", "COUNTS"], 1, "nowhere"),
        (["--slos", "SLOS", "--counts", "COUNTS", "--step", "10"], 2, "the counts are in steps of 60 s"),
        (["--slos", "SLOS", "--counts", "COUNTS", "--from", "soon"], 1, "'soon' is no moment"),
        (
            ["--slos", "SLOS", "--counts", "COUNTS", "--from", "2028-01-01", "--to", "2029-01-01"],
            1,
            "does not lie after",
        ),
        (["--slos", "SLOS", "--counts", "COUNTS", "--svg", "nowhere/x.svg"], 1, "can't write nowhere/x.svg"),
    ],
)
def test_what_can_t_be_done_is_said_in_a_sentence(words, code, said, typed, slo_file, counts):
    """What is wrong and what would do; never a traceback."""
    named = {"SLOS": slo_file, "COUNTS": counts}
    result = typed("backtest", *(named.get(word, word) for word in words))

    assert code == result.exit_code
    assert said in " ".join(result.stderr.replace("\u2502", " ").split())


@pytest.mark.parametrize("option", ["--url", "--prometheus"])
def test_a_proxy_of_no_known_kind_is_said_in_a_sentence(option, typed, slo_file):
    """As the environment has it, whoever put it there."""
    result = typed("backtest", "--slos", slo_file, option, "https://slo.example.com", HTTPS_PROXY="nope://proxy")

    assert 1 == result.exit_code
    assert result.stderr.startswith("counts can't be asked for: ")


def test_nothing_is_replayed_after_the_last_count(typed, slo_file, counts):
    """Of what comes later nobody knows whether it was quiet."""
    result = typed("backtest", "--slos", slo_file, "--counts", counts, "--policy", "sloth", "--to", "2028-01-01")

    assert "2027-01-15T08:00:00Z to 2027-01-16T08:00:00Z, in steps of 1m" == result.stdout.splitlines()[0]


class Asked:
    """A collector's client that says what it is asked."""

    def __init__(self):
        self.questions = []

    def history(self, name, start, end, step):
        self.questions.append((name, start, end, step))
        return [{"t": start, "good": 1, "total": 2}]


def test_a_collector_is_asked_in_pieces():
    """No answer of it holds more points than it gives."""
    client = Asked()
    points = CollectorHistory(client).history("a", Interval(0, 25 * MOST_STEPS), 10)

    assert [
        ("a", 0, 10 * MOST_STEPS, 10),
        ("a", 10 * MOST_STEPS, 20 * MOST_STEPS, 10),
        ("a", 20 * MOST_STEPS, 25 * MOST_STEPS, 10),
    ] == client.questions
    assert [HistoryPoint(t, 1, 2) for _, t, _, _ in client.questions] == points


def test_a_ledger_is_replayed_to_its_last_count(typed, slo_file, tmp_path, monkeypatch):
    """`now` is when it ends, and steps are as fine as counts are kept over the time asked for."""

    class Ledger:
        end = START + 600

        def history(self, name, interval, step):
            return [HistoryPoint(START, 1, 1)] if interval.start <= START else []

    monkeypatch.setattr(backtest_source, "Archive", lambda path: contextlib.nullcontext(Ledger()))
    said = [
        typed("backtest", "--slos", slo_file, "--data", tmp_path, "--policy", "sloth", *words).stdout.splitlines()[0]
        for words in (["--from", "-10m"], ["--from", "-4d"])
    ]

    assert [
        "2027-01-15T08:00:00Z to 2027-01-15T08:10:00Z, in steps of 10s",
        "2027-01-11T08:10:00Z to 2027-01-15T08:10:00Z, in steps of 1m",
    ] == said
