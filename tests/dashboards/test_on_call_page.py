"""The page with forms: every field says what it is for, and nobody's text is more than text."""

from __future__ import annotations

from dataclasses import replace

from fournines.alerts import AlertKind, OpenAlert
from fournines.alerts.acknowledgement import Acknowledgement
from fournines.alerts.matching import Matchers
from fournines.alerts.note import Note
from fournines.alerts.silences.silence import Silence
from fournines.dashboards import Detail, OnCall, render_on_call, render_slo
from fournines.slo import HOUR
from tests.dashboards.conftest import NOW, availability, evaluated, open_alert
from tests.dashboards.test_page import HOSTILE, Reader

SILENCE = Silence(Matchers.of({"slo": "pay"}), NOW, NOW + HOUR, "ann", "deploying", 3)


def page(**more):
    """The page of an SLO, read."""
    return Reader(render_on_call(OnCall(slo=availability("pay"), now=NOW, evaluated=NOW, token="t0ken", **more)))


def opened(**more):
    """An open page of it."""
    return OpenAlert(replace(open_alert("pay", AlertKind.PAGE).alert, **more))


def test_every_form_carries_the_token_and_goes_to_its_own_page():
    """And says by whom it is sent."""
    read = page(alerts=[opened()], silences=[SILENCE], author="ann")
    forms = read.having("form")

    assert [("post", "/on-call/pay")] * 6 == [(form["method"], form["action"]) for form in forms]
    for name, value in (("token", "t0ken"), ("author", "ann")):
        assert [value] * 6 == [each["value"] for each in read.having("input") if each["name"] == name]


def test_what_can_be_done_is_offered():
    """An alert that nobody has can't be given back, and without one there is nothing to answer."""
    taken = Acknowledgement("ann", NOW, NOW + HOUR)

    assert ["Silence"] == buttons(page())
    assert ["Acknowledge", "Write it down", "Silence"] == buttons(page(alerts=[opened()]))
    assert ["Acknowledge anew", "Give it back", "Write it down", "End this silence", "Silence"] == buttons(
        page(alerts=[opened(acknowledged=taken)], silences=[SILENCE])
    )


def buttons(read):
    """What can be pressed."""
    said = [" ".join(words.split()) for words in read.words]
    known = {"Acknowledge", "Acknowledge anew", "Give it back", "Write it down", "End this silence", "Silence"}
    return [words for words in said if words in known]


def test_hostile_words_stay_words():
    """Of whoever acknowledges, notes, silences or makes a mistake."""
    alert = opened(
        notes=(Note(NOW, HOSTILE, HOSTILE),), acknowledged=Acknowledgement(HOSTILE, NOW, NOW + 1), summary=HOSTILE
    )
    hushed = replace(SILENCE, author=HOSTILE, reason=HOSTILE, matchers=Matchers.of({HOSTILE: HOSTILE}))
    read = page(alerts=[alert], silences=[hushed], problem=HOSTILE, author=HOSTILE)

    assert [] == read.having("img") + read.having("script")
    assert read.text.count('alert("x")') == 9
    assert "{{ 7 * 7 }}" in read.text


def test_the_slo_s_page_says_who_has_it_what_is_silent_and_what_was_found():
    """In a glance, without a click; and leads to where it can be answered."""
    taken = Acknowledgement("ann", NOW, NOW + HOUR)
    alert = opened(acknowledged=taken, notes=(Note(NOW, "ben", "the new version"),))
    status = evaluated([availability("pay")]).status(0)
    read = Reader(render_slo(Detail(status, NOW, alerts=[alert], silences=[SILENCE])))

    assert "acknowledged by ann until" in read.text
    assert "ben: the new version" in read.text
    assert "Silenced by ann until" in read.text
    assert "/on-call/pay" in [link.get("href") for link in read.having("a")]
