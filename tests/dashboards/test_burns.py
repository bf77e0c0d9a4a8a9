"""A burn rate is held against the limits of the rules its window takes part in."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from fournines.dashboards.burns import burns_of
from fournines.slo import CalendarWindow, Window
from tests.dashboards.conftest import availability, evaluated


def test_rates_are_held_against_their_limits_exactly() -> None:
    """The comparison is the domain's, not that of the rounded figures."""
    burns = {burn.window: burn for burn in burns_of(evaluated([availability("a")], outage={"a": 20.0}).status(0))}

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
    burns = {b.window: b for b in burns_of(replace(status, burn=at_limit))}

    assert (burns["1h"].rate, burns["1h"].above) == ("14.4x", "")


def test_a_calendars_limits_are_those_of_its_period() -> None:
    """November's 30 days: what the rules are held against, and not what they would be in a longer month."""
    month = replace(availability("a"), window=CalendarWindow(1, "M"))
    burns = {burn.window: burn for burn in burns_of(evaluated([month], outage={"a": 20.0}).status(0))}

    assert (burns["1h"].limits, burns["6h"].limits) == (("14.4x page",), ("1x ticket", "6x page"))
