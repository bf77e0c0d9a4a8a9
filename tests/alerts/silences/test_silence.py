"""When a silence holds whom, and which can't be made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.alerts import AlertKind
from fournines.alerts.errors import InvalidSilence
from fournines.alerts.matching import Matchers
from fournines.alerts.silences.hold import seen
from fournines.alerts.silences.silence import LONGEST_SECONDS, Silence, SilenceEnd

NOW = 1_800_000_000.0
PAY = Matchers.of({"service": "pay"})


@given(
    start=st.integers(0, 50),
    length=st.integers(1, 50),
    ended=st.none() | st.integers(0, 110),
    at=st.integers(0, 220).map(lambda halves: halves / 2),
    service=st.sampled_from(["pay", "shop", ""]),
)
def test_it_holds_from_its_start_up_to_its_end_and_nobody_else(start, length, ended, at, service):
    """The first moment is in, the last is not, and an end by hand is the earlier one."""
    end = None if ended is None else SilenceEnd(NOW + ended, "ben", "done")
    silence = Silence(PAY, NOW + start, NOW + start + length, "ann", "deploying", 1, end)
    until = start + length if ended is None else min(ended, start + length)

    assert (start <= at < until and service == "pay") is silence.holds({"service": service}, NOW + at)


def test_one_of_an_slo_does_not_hide_that_its_service_is_gone(alert):
    """No data is labelled with the strictest SLO it concerns, and is about all of them."""
    silence = Silence(Matchers.of({"slo": "pay-quick"}), NOW, NOW + 60, "ann", "deploying")
    gone, burning = alert(AlertKind.NO_DATA), alert()

    assert (False, True) == (silence.holds(seen(gone), NOW), silence.holds(seen(burning), NOW))
    assert Silence(PAY, NOW, NOW + 60, "ann", "deploying").holds(seen(gone), NOW)


def test_kinds_can_be_told_apart(alert):
    """Also where an SLO has a label that is called so."""
    matchers = Matchers.of({"kind": "no_data"})

    assert [True, False] == [
        matchers.match(seen(alert(kind, kind="no_data"))) for kind in (AlertKind.NO_DATA, AlertKind.PAGE)
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"matchers": Matchers.of({})},
        {"matchers": Matchers.of({"service": "*"})},
        {"author": " "},
        {"reason": ""},
        {"until": NOW},
        {"until": NOW + LONGEST_SECONDS + 1},
    ],
)
def test_what_says_too_little_or_lasts_too_long_is_none(change):
    """A silence of everybody, by nobody, for nothing or for ever hides outages."""
    with pytest.raises(InvalidSilence, match=r"."):
        Silence(**{"matchers": PAY, "start": NOW, "until": NOW + 60, "author": "ann", "reason": "deploying"} | change)


@pytest.mark.parametrize("severity", ["page", "pa*", "ticket"])
def test_nobody_silences_every_page_there_is(severity):
    """A severity alone means everybody; with a service, a kind or a team it does not."""
    said = {"start": NOW, "until": NOW + 60, "author": "ann", "reason": "deploying"}
    with pytest.raises(InvalidSilence, match="every outage"):
        Silence(Matchers.of({"severity": severity, "team": "*"}), **said).check(NOW)
    for label, text in (("service", "p*"), ("kind", "no_data"), ("team", "core"), ("team", "")):
        Silence(Matchers.of({"severity": severity, label: text}), **said).check(NOW)


@pytest.mark.parametrize(("start", "until"), [(-60, 0), (-301, 60), (401 * 86_400, 401 * 86_400 + 60)])
def test_it_is_made_for_a_time_to_come(start, until):
    """What is over holds nobody, and clocks may be five minutes behind."""
    with pytest.raises(InvalidSilence, match=r"."):
        Silence(PAY, NOW + start, NOW + until, "ann", "deploying").check(NOW)
    Silence(PAY, NOW - 300, NOW + 60, "ann", "deploying").check(NOW)
