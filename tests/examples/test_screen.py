"""Laws of what the demo shows."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from fournines.examples.fintech_edge.screen import Moment, Screen


def moment(evidence, **fields):
    """A moment at the end of the outage."""
    return replace(Moment("Payments fail", 19.0, 20.0, 1750, 500, evidence.during), **fields)


def shown(moments, *, terminal, width=140):
    """What a screen writes for these moments."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width, highlight=False)
    with Screen(console) as screen:
        for one in moments:
            screen.show(one)
        screen.say("done")
    return console.file.getvalue()


def test_plain_lines_come_when_something_changed_or_time_has_passed(evidence):
    """Without a terminal the same news is told every five seconds, news at once."""
    calm = [moment(evidence, elapsed=elapsed, readings=evidence.before) for elapsed in (0.0, 0.5, 1.0, 4.9, 5.0, 5.5)]

    lines = shown([*calm, moment(evidence, elapsed=6.0)], terminal=False).splitlines()

    assert ["0.0", "5.0", "6.0", None] == [line.split()[0] if " s of " in line else None for line in lines]
    assert "payments burning, 92.3% left (239 s)" in lines[2]
    assert all("\x1b" not in line for line in lines)


def test_a_terminal_sees_state_burn_and_budget(evidence):
    """On a terminal each moment is a picture with the three SLOs, worst news in words."""
    picture = shown([moment(evidence)], terminal=True)

    for word in (
        "payments",
        "gateway",
        "users",
        "burning",
        "700.0x",
        "92.3% left",
    ):
        assert word in picture


@pytest.mark.parametrize(("width", "burns"), [(60, False), (79, False), (80, True)])
def test_a_narrow_terminal_sees_whole_words_and_numbers(evidence, width, burns):
    """Nothing is cut short: where burn rates have no room they are left out."""
    picture = shown([moment(evidence)], terminal=True, width=width)

    assert "…" not in picture
    assert "92.3% left (239 s)" in picture
    assert burns is ("burn 5 min" in picture)


def test_what_is_not_known_is_not_shown(evidence):
    """Before the first reading, and without traffic, no number is made up."""
    mute = replace(evidence.before["users-availability"], remaining_ratio=None, burn_rates={})

    assert "no traffic yet" in shown([moment(evidence, readings={mute.name: mute})], terminal=True)
    assert "left" not in shown([moment(evidence, readings={})], terminal=False)
