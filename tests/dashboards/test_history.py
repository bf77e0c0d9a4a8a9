"""Charts draw the counts they were given, gaps as gaps, and end where the tile ends."""

from __future__ import annotations

import re

from fournines.dashboards.history import History, burn_down, failures, indicator, traffic
from fournines.slo import DAY, HOUR, HistoryPoint, Interval
from tests.dashboards.conftest import NOW, availability, evaluated

HOURS = Interval(int(NOW) - 3 * HOUR, int(NOW))
POINTS = [HistoryPoint(HOURS.start + t, 600 - (t == 3_600) * 60, 600) for t in range(0, 3 * HOUR, 60) if t != 7_200]
RECENT = History(POINTS, HOURS, 60)
NOTHING = History([], HOURS, 60)


def test_failures_name_their_worst_moment() -> None:
    """How many, and when."""
    chart = failures(RECENT)

    assert chart.top == "60"
    assert chart.says == "at most 60 requests in 1 min, at 01:16 UTC"
    assert chart.plot.count("M") == 1


def test_traffic_says_what_it_counted() -> None:
    """All of it, also what succeeded."""
    assert traffic(RECENT).says == f"{600 * 179:,} requests in 3 h"


def test_a_step_without_traffic_breaks_the_line() -> None:
    """No share of good requests is made up where nobody called."""
    status = evaluated([availability("a")]).status(0)

    assert indicator(RECENT, status).plot.count('class="line"') == 2
    assert indicator(RECENT, status).says == "lowest 90 %, promised 99.99 %"


def test_an_empty_past_is_an_empty_chart() -> None:
    """A newcomer's page has charts without lines, and words that say so."""
    status = evaluated([availability("a")], rate={"a": 0.0}).status(0)

    assert failures(NOTHING).says == "no failed request"
    assert traffic(NOTHING).says == "no traffic"
    assert 'class="line"' not in indicator(NOTHING, status).plot
    assert 'class="line"' not in burn_down(NOTHING, status).plot


def test_a_burn_down_starts_full_and_ends_where_the_tile_is() -> None:
    """One figure for tile and chart, also for an over-spent budget."""
    status = evaluated([availability("a")], outage={"a": 400.0}).status(0)
    month = Interval(int(NOW) - 30 * DAY, int(NOW))
    whole = History([HistoryPoint(month.start + 29 * DAY, 32_000, 36_000)], month, HOUR)

    chart = burn_down(whole, status)
    numbers = [
        float(n)
        for n in re.search(r'class="line" d="([^"]+)"', chart.plot)[1].replace("M", "").replace("L", " ").split()
    ]
    bottom = float(status.budget.remaining_ratio)

    assert numbers[:2] == [0, 0]
    assert numbers[-2:] == [600, 100]
    assert bottom < 0
    assert chart.bottom == chart.says.split(" left")[0]
