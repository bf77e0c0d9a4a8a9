"""A card says what the domain computed, and over-spent as over-spent."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from fournines.dashboards.card import Card, alerts_by_slo, card_of, limits_of, slo_path
from fournines.dashboards.face import Face
from fournines.slo import Window
from tests.dashboards.conftest import NOW, availability, evaluated


def card(alerts: Any = (), since: float | None = NOW - 240, later: float = 0.0, slo: Any = None, **counts: Any) -> Card:
    """The card of one SLO over such counts."""
    slo = slo or availability("a")
    return card_of(evaluated([slo], **counts).status(0), since, alerts, NOW + later, stale=False)


def test_a_burning_slo_says_how_fast_and_since_when() -> None:
    """The first line an on-call engineer reads."""
    burning = card(outage={"a": 20.0})

    assert burning.face is Face.BURNING
    assert burning.headline == "666.7x since 03:12:40 UTC (4 min)".replace("666.7", "667")
    assert burning.reason == "1h and 5m burn above 14.4"
    assert burning.left == "92.2 %"
    assert burning.left_detail == "3 min 59 s of outage or 2,392 requests"
    assert burning.empty_in == "empty in 59 min 48 s"


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


def test_rates_are_held_against_their_limits_exactly() -> None:
    """The comparison is the domain's, not that of the rounded figures."""
    burns = {burn.window: burn for burn in card(outage={"a": 20.0}).burns}

    assert list(burns) == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
    assert (burns["5m"].tone, burns["5m"].above) == ("page", "above 14.4x")
    assert (burns["2h"].tone, burns["2h"].above) == ("ticket", "above 3x")
    assert burns["6h"].limits == ("1x ticket", "6x page")
    assert (burns["30d"].tone, burns["30d"].limits) == ("calm", ())


def test_a_rate_exactly_at_its_limit_is_not_above_it() -> None:
    """14.4 times is where the workbook's page begins, and it begins strictly above."""
    slo = availability("a")
    status = evaluated([slo]).status(0)
    at_limit = {**status.burn, Window.parse("1h"): Fraction("14.4")}
    from dataclasses import replace

    burns = {b.window: b for b in card_of(replace(status, burn=at_limit), None, (), NOW, stale=False).burns}

    assert (burns["1h"].rate, burns["1h"].above) == ("14.4x", "")


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


def test_alerts_say_their_severity_since_when_and_whether_they_are_held_back() -> None:
    """As the API says them; unknown words and broken dates don't break the page."""
    alerts = [
        {"slo": "a", "severity": "page", "state": "firing", "since": "2026-11-22T03:12:52Z"},
        {"slo": "a", "severity": "ticket", "state": "firing", "since": "yesterday", "inhibited": True},
    ]

    assert card(alerts).alerts == (
        "Page firing since 03:12:52 UTC (3 min 48 s)",
        "Ticket firing, held back by the page",
    )
    assert [each["severity"] for each in alerts_by_slo(reversed(alerts))["a"]] == ["page", "ticket"]


def test_names_are_escaped_in_addresses() -> None:
    """A slash in a name is no new path."""
    assert slo_path("a/b c?d") == "/slo/a%2Fb%20c%3Fd"


def test_a_window_knows_the_limits_of_every_rule_it_is_part_of() -> None:
    """6 h is the long window of a page and the short one of a ticket."""
    limits = limits_of(availability("a"))

    assert [(limit.value, limit.severity) for _, limit in limits[Window.parse("6h")]] == [
        (1.0, "ticket"),
        (6.0, "page"),
    ]
