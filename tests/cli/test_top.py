"""`top`: a live view, looked at without waiting."""

import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from fournines.cli import top
from fournines.cli.sparkline import sparkline

NOW = 1_790_000_007.0
BURNS = {
    "name": "payments-availability",
    "state": "burning",
    "since": "2026-11-22T03:12:40Z",
    "reason": "1h and 5m burn above 14.4",
    "budget": {"remaining_ratio": -9.0},
    "burn_rates": {"5m": 21.0},
    "alerts": [],
    "data_age_seconds": 3.1,
}
WELL = BURNS | {"name": "users", "state": "healthy", "data_age_seconds": None, "burn_rates": {"5m": None}}


@pytest.fixture
def served(on_loopback, monkeypatch):
    """Serves SLOs with two minutes of counts on loopback, at a moment of ours and without waiting; gives the address, and what is asked."""
    monkeypatch.setattr(top, "wall", lambda: NOW)
    monkeypatch.setattr(top, "sleep", lambda _: None)
    questions = []

    def serve(*slos):
        def answer(method, path, headers, body):
            questions.append(path)
            if "/history" not in path:
                return 200, {"slos": slos, "next": None}
            return 200, {"points": [{"t": 1_790_000_000 - 60, "good": 90, "total": 100}]}

        return on_loopback(answer), questions

    return serve


def test_rates_are_of_the_last_five_minutes(typed, served):
    """As many looks as were asked for, each an object of JSON in a line; the exit code is that of the last."""
    url, questions = served(BURNS, WELL)
    done = typed("top", "--times", "2", "--json", "--rows", "7", "--service", "pay", "--url", url)
    looks = [json.loads(line) for line in done.output.splitlines()]

    assert (1, 2) == (done.exit_code, len(looks))
    assert ["payments-availability", "users"] == [each["name"] for each in looks[0]]
    seconds = NOW - (1_790_000_020 - 300)
    assert (100 / seconds, 10 / seconds) == (looks[0][0]["events_per_second"], looks[0][0]["bad_per_second"])
    assert "/api/v1/slos?limit=7&service=pay" == questions[0]
    assert questions[1].endswith("/history?from=1789999720&to=1790000020&step=20")
    assert 6 == len(questions)


def test_nothing_broken_is_success(typed, served):
    """Scripts may ask it as they ask `status`."""
    assert 0 == typed("top", "--times", "1", "--url", served(WELL)[0]).exit_code
    assert 2 == typed("top", "--times", "1", "--url", "http://127.0.0.1:9").exit_code


def shown(width, *looks):
    console = Console(width=width, file=StringIO())
    console.print(top.shown(looks, width))
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_a_line_fits_its_terminal(width):
    """A state is a word, not a colour alone; the data's age is always there; a long name goes on below."""
    steps = (None,) * 12 + ((90, 100), (100, 100), (0, 0))
    text = shown(width, top.Look(BURNS, steps, 287.0), top.Look(WELL | {"name": "q" * 60}, steps, 287.0))

    assert all(len(line) <= width for line in text.splitlines())
    assert "burning" in text
    assert "3 s" in text
    assert "············█▁▁" in text
    assert 60 == text.count("q")
    assert (width >= top.NARROW) is ("BAD/s" in text)


def test_nothing_there_is_said():
    """Before anybody was heard."""
    assert "no SLO is declared" in shown(80)


@given(st.lists(st.none() | st.integers(0, 1_000), min_size=1))
def test_a_sparkline_never_hides_what_is_there(numbers):
    """A sign each; only nothing is as low as nothing, and only the unknown is a dot."""
    line = sparkline(numbers)

    assert len(numbers) == len(line)
    for number, sign in zip(numbers, line, strict=True):
        assert (number is None) is (sign == "·")
        assert (number == 0) is (sign == "▁")
        assert number != max(each or 0 for each in numbers) or not number or sign == "█"
