"""What others sent, on a terminal."""

import json
import logging

from hypothesis import given
from hypothesis import strategies as st

from fournines.cli.plain import LineFormatter, plain, plain_lines
from fournines.cli.table import table

EVIL = "\x1b]52;c;Z29uZQ==\x07\x9b2J\u202e"


@given(st.text())
def test_a_terminal_has_nothing_to_obey(text):
    """As long as it was, of signs alone; what can be read stays as it is."""
    shown = plain(text)

    assert shown.isprintable()
    assert len(text) == len(shown)
    assert not text.isprintable() or text == shown
    assert all(line.isprintable() for line in plain_lines(text).split("\n"))


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_a_row_is_a_line(rows):
    """Whatever its cells hold."""
    assert len(rows) == len(table(rows).split("\n"))


def test_commands_show_names_as_they_can_be_read(typed, asked):
    """Of SLOs and alerts, which services name as they like, in tables, explanations, refusals and what was done; JSON has them whole."""
    slo = {
        "name": EVIL,
        "state": "burning",
        "since": "2026-11-22T03:12:40Z",
        "reason": EVIL,
        "budget": {"remaining_ratio": 0.5},
        "burn_rates": {},
        "alerts": [],
        "explanation": f"{EVIL}\nand more",
    }
    asked(200, slo)
    told = typed("status", "--slo", "x", "--explain")
    assert "and more" in told.output
    assert slo == json.loads(typed("status", "--slo", "x", "--json").output)[0]
    asked(409, {"detail": EVIL})
    refused = typed("status")
    asked(200, {"verdict": "fail", "reasons": [EVIL]})
    judged = typed("gate", "--service", "pay", "--version", "7")
    assert judged.output.startswith("fail: pay 7")
    for done in (told, refused, judged):
        assert done.output
        assert all(line.isprintable() for line in done.output.split("\n")), done.output


def test_no_name_writes_a_line_of_the_log():
    """A message is one line, in which a terminal finds nothing to obey; a traceback keeps its own."""
    fault = ValueError, ValueError(), None
    said = logging.LogRecord("house", logging.INFO, "", 0, "%s is open", (f"{EVIL}\n2026 INFO all is well",), fault)
    first, *others = LineFormatter("%(levelname)s %(message)s").format(said).splitlines()

    assert first.isprintable()
    assert first.endswith("all is well is open")
    assert "ValueError" == others[-1]
