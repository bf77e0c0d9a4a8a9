"""What became of a message, in words."""

import pytest

from fournines.alerts import NOT_SHOWN, Action
from fournines.alerts.decision import Ruling
from fournines.alerts.sending import sending


@pytest.mark.parametrize(
    ("message", "ruling", "words"),
    [
        (("trigger", "delivered", 1, "accepted", None), Ruling.TOLD, "mail was told that it fires"),
        (
            ("resolve", "delivered", 1, "accepted, but for 1 of its recipients", None),
            Ruling.TOLD,
            "mail was told that it is over: accepted, but for 1 of its recipients",
        ),
        (
            ("trigger", "delivered", 1, "accepted", "pager"),
            Ruling.TOLD,
            "mail was told that it fires, in place of pager",
        ),
        (
            ("update", "delivered", 1, NOT_SHOWN.reason, None),
            Ruling.QUIET,
            "mail is not told what changed: its kind shows no such thing",
        ),
        (("acknowledge", "pending", 0, "", None), Ruling.HELD, "mail is about to be told who has taken it on"),
        (
            ("trigger", "pending", 1, "answered 503", None),
            Ruling.HELD,
            "mail is not told yet that it fires, after 1 attempt: answered 503",
        ),
        (
            ("trigger", "rejected", 1, "answered 404", None),
            Ruling.HELD,
            "mail can't be told that it fires: answered 404",
        ),
        (
            ("resolve", "given_up", 99, "answered 503", None),
            Ruling.HELD,
            "mail was never told that it is over, in 99 attempts: answered 503",
        ),
    ],
)
def test_it_reads_as_a_sentence(message, ruling, words):
    """Who, whether, what, and why not."""
    assert ("sending", ruling, words, 7.0) == sending("mail", *message, 7.0)


def test_of_who_is_gone_it_says_that_the_end_is_not_heard():
    """Whoever looks why an incident stays open there finds it."""
    said = sending("mail", "trigger", "delivered", 1, "accepted", None, 7.0, gone=True)
    assert "mail was told that it fires; it is no longer configured, and hears nothing of the end" == said.reason


def test_every_action_has_its_words():
    """None is told by the name that programs know it by."""
    assert not [action for action in Action if action.value in action.news]
