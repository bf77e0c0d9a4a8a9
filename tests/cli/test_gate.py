"""`gate` as a pipeline types it."""

import json

import pytest

from fournines.cli.gate import EVERY, _told, answers

WAIT = {"verdict": "wait", "reasons": ["payments-availability: no request to 2.0 is known yet"], "evidence": {}}
PASS = {"verdict": "pass", "reasons": ["payments-availability: 0 of 600 requests failed (0 %)"], "evidence": {}}
FAIL = {"verdict": "fail", "reasons": ["payments-availability: no error budget is left (0 %)"], "evidence": {}}
QUESTION = ("gate", "--service", "payments", "--version", "2.0")


class Collector:
    """Answers one question after the other as it is told, the last answer for good, and keeps what was asked."""

    def __init__(self, *told):
        self.told, self.asked = list(told), []

    def post(self, path, body):
        self.asked.append((path, json.loads(body)))
        return self.told.pop(0) if len(self.told) > 1 else self.told[0]


@pytest.fixture
def served(on_loopback):
    """Serves a collector on loopback; gives its address."""
    return lambda collector: on_loopback(lambda method, path, headers, body: collector.post(path, body))


@pytest.mark.parametrize(("answer", "code"), [(PASS, 0), (FAIL, 1), (WAIT, 2)])
def test_its_exit_code_is_the_verdict(typed, served, answer, code):
    """0 lets a release go on, 1 stops it, 2 says that nobody can tell; the reasons are printed in words."""
    done = typed(*QUESTION, "--url", served(Collector((200, answer))))

    assert done.exit_code == code
    assert done.stdout == f"{answer['verdict']}: payments 2.0\n  {answer['reasons'][0]}\n"


def test_it_asks_what_was_said(typed, served):
    """And nothing of what was not."""
    collector = Collector((200, PASS))
    url = served(collector)

    typed(*QUESTION, "--baseline", "1.9", "--slo", "payments-latency", "--url", url)
    typed("gate", "--service", "payments", "--url", url)

    whole = {"service": "payments", "version": "2.0", "baseline": "1.9", "slo": "payments-latency"}
    assert collector.asked == [("/api/v1/gate", whole), ("/api/v1/gate", {"service": "payments"})]


def test_a_collector_that_is_not_there_lets_nothing_pass(typed):
    """What nobody judged is not passed, and not stopped as if it were bad: 2."""
    done = typed(*QUESTION, "--url", "http://127.0.0.1:1")

    assert done.exit_code == 2
    assert done.stdout.startswith("wait: payments 2.0\n  the collector at http://127.0.0.1:1 can't be asked: ")


@pytest.mark.parametrize(
    "answer",
    [
        (503, b"starting"),
        (200, b"<html>"),
        (200, {"status": "ok"}),
        (200, []),
        (200, {"verdict": ["pass"]}),
        (200, {"verdict": "pass"}),
    ],
)
def test_a_collector_in_trouble_lets_nothing_pass(typed, served, answer):
    """It may be about to start, or be something else."""
    assert typed(*QUESTION, "--url", served(Collector(answer))).exit_code == 2


def test_a_question_that_is_refused_ends_at_once(typed, served):
    """To ask again would be refused again."""
    collector = Collector((422, {"detail": "version: at most 200 characters"}))

    done = typed(*QUESTION, "--wait", "10m", "--url", served(collector))

    assert done.exit_code == 2
    assert "at most 200 characters" in done.stderr
    assert len(collector.asked) == 1


def test_an_address_that_can_be_none_ends_in_a_sentence(typed):
    """Nothing was judged: 2."""
    done = typed(*QUESTION, "--url", "http://[::1")

    assert done.exit_code == 2
    assert done.stderr.startswith("the collector at http://[::1 can't be asked: ")


class Day:
    """A clock that moves as somebody waits."""

    def __init__(self):
        self.now, self.pauses = 1000.0, []

    def clock(self):
        return self.now

    def pause(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("told", "seconds", "pauses"),
    [
        ([WAIT, WAIT, PASS], 600, [EVERY, EVERY]),
        ([WAIT, FAIL, PASS], 600, [EVERY]),
        ([WAIT], 0, []),
        ([WAIT] * 4, 25, [EVERY, EVERY, 5]),
    ],
)
def test_it_asks_again_while_it_is_to_wait(told, seconds, pauses):
    """Every 10 s, until there is a verdict or the time is over: then once more, and that answer counts."""
    day, left = Day(), list(told)

    given = list(answers(lambda: left.pop(0), seconds, day.clock, day.pause))

    assert given == told[: len(pauses) + 1]
    assert day.pauses == pauses


def test_an_answer_is_said_once(capsys):
    """Whoever reads the log of a pipeline sees what changed."""
    assert _told("payments 2.0", iter([WAIT, WAIT, WAIT, PASS])) == "pass"

    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if not line.startswith(" ")] == ["wait: payments 2.0", "pass: payments 2.0"]


def test_an_override_is_said_with_author_and_reason(typed, served):
    """The collector keeps both; the release passes until the time it says."""
    collector = Collector((201, {"until": "2026-11-23T18:00:00Z"}))
    words = ("--override", "--author", "ada", "--reason", "repairs what burns")

    done = typed(*QUESTION, *words, "--url", served(collector))

    assert done.exit_code == 0
    assert done.stdout == "pass: payments 2.0, until 2026-11-23T18:00:00Z\n  overridden by ada: repairs what burns\n"
    said = {"service": "payments", "version": "2.0", "author": "ada", "reason": "repairs what burns"}
    assert collector.asked == [("/api/v1/gate/overrides", said)]


def test_an_override_that_is_not_kept_lets_nothing_pass(typed, served):
    """Refused, or the collector is not there."""
    words = ("--override", "--author", "ada", "--reason", "x", "--url")

    assert typed(*QUESTION, *words, served(Collector((422, {"detail": "no"})))).exit_code == 2
    assert typed(*QUESTION, *words, "http://127.0.0.1:1").exit_code == 2
    for answer in ([], {"status": "ok"}):
        done = typed(*QUESTION, *words, served(Collector((200, answer))))
        assert (done.exit_code, done.stdout) == (2, "")
        assert "answers as no collector of this version does" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--override",), "say --author, --reason too"),
        (("--author", "ada"), "are an override's"),
        (("--wait", "soon"), "'soon' is no duration"),
        (("--version", ""), "it is empty"),
    ],
)
def test_what_does_not_go_together_is_said(typed, words, said):
    """Before anybody is asked."""
    done = typed(*QUESTION, *words)

    assert done.exit_code == 2
    assert said in done.stderr
