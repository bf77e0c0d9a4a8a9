"""A card says what the domain computed, and over-spent as over-spent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fournines.alerts.messages.telling import caveats
from fournines.dashboards.card import Card
from fournines.dashboards.face import Face
from fournines.slo import DAY, CalendarWindow
from tests.dashboards.conftest import NOW, availability, evaluated


def card(alerts: Any = (), since: float | None = NOW - 240, later: float = 0.0, slo: Any = None, **counts: Any) -> Card:
    """The card of one SLO over such counts."""
    slo = slo or availability("a")
    return Card(evaluated([slo], **counts).status(0), NOW + later, since, alerts, stale=False)


def test_a_burning_slo_says_how_fast_and_since_when() -> None:
    """The first line an on-call engineer reads."""
    burns = card(outage={"a": 20.0})

    assert burns.face is Face.BURNING
    assert burns.headline == "666.7x since 03:12:40 UTC (4 min)".replace("666.7", "667")
    assert burns.reason == "1h and 5m burn above 14.4"
    assert burns.left == "92.2 %"
    assert burns.left_detail == "3 min 59 s of outage or 2,392 requests"
    assert burns.empty_in == "empty in 59 min 48 s"


def test_an_overspent_budget_is_said_as_such() -> None:
    """In time and requests, rounded up."""
    spent = card(outage={"a": 300.0})

    assert spent.left == "\N{MINUS SIGN}15.8 %"
    assert spent.left_words == "of the error budget"
    assert spent.left_detail == "over-spent by 41 s of outage, 408 requests too many"


@pytest.mark.parametrize(("seconds", "said"), [(0, "not shrinking"), (1e-1, "not within 30d")])
def test_a_budget_that_lasts_says_so(seconds: float, said: str) -> None:
    """No failures at all, or too few to matter within the window."""
    assert card(outage={"a": seconds}, rate={"a": 100.0}, slo=availability("a", target="0.5")).empty_in == said


def test_a_calendars_budget_ends_with_its_period() -> None:
    """At the end of November nothing is said of December."""
    failing = card(outage={"a": 0.15}, slo=replace(availability("a"), window=CalendarWindow(1, "M")))
    last = replace(failing, status=replace(failing.status, now=NOW + 6 * DAY))

    assert (failing.empty_in[:8], last.empty_in) == ("empty in", "not within 1M")


def test_a_silent_service_is_no_data_and_a_stale_one_is_not_current() -> None:
    """Neither shows when its budget would be empty: nothing recent is known."""
    silent = card(silent=frozenset({"a"}), age={"a": 84.0})
    stale = card(age={"a": 200.0})

    assert (silent.face, silent.empty_in, silent.age) == (Face.NO_DATA, "", "data 1 min 24 s old")
    assert "stopped reporting" in silent.reason
    assert (stale.face, stale.reason) == (Face.STALE, "when last seen: healthy")


def test_the_age_of_data_grows_with_the_pages_own_clock() -> None:
    """A page rendered long after the evaluation does not call its data fresh."""
    assert card(later=20.0).age == "data 23 s old"
    assert card(later=200.0).face is Face.STALE


def test_a_service_that_was_never_heard_has_no_figures() -> None:
    """No 100 % of a budget nobody has measured."""
    unheard = card(unheard=frozenset({"a"}), watched=0)

    assert (unheard.face, unheard.left, unheard.left_detail, unheard.empty_in) == (
        Face.NEVER_HEARD,
        "\N{EN DASH}",
        "",
        "",
    )
    assert unheard.age == "never heard"


def test_a_young_slo_says_how_long_it_was_watched() -> None:
    """Its budget counts unseen time as traffic without failures, so the page says what was seen."""
    assert card(watched=6 * 3_600).coverage.startswith("watched for 6 h of 30d")
    assert card().coverage == ""


def test_of_a_month_what_was_watched_is_told_by_its_own_length() -> None:
    """February is shorter than other months, and three days of it are three days; its page says the same."""
    slo, now = replace(availability("a"), window=CalendarWindow(1, "M")), 1_801_699_200.0  # 2027-02-04 00:00 UTC
    status = evaluated([slo], now, outage={"a": 20.0}).status(0)

    assert Card(status, now, None, (), stale=False).coverage.startswith("watched for 3 d of 1M; the rest counts")
    assert "Only 3d of the 1M are observed yet" in caveats(status)
