"""Charts are well-formed, stay inside their frame and live under a strict policy."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.dashboards.svg import HEIGHT, WIDTH, Column, LevelLine, budget_bar, burn_bar, columns, lines

VALUES = st.floats(min_value=-1e6, max_value=1e6)
SHARES = st.floats(min_value=0, max_value=1)


def coordinates(markup: str) -> list[float]:
    """Every number of the chart's paths and rectangles."""
    root = ET.fromstring(markup)
    texts = [shape.get("d", "") + " " + shape.get("width", "") for shape in root.iter() if shape is not root]
    return [float(number) for text in texts for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


@settings(deadline=None)
@given(VALUES, st.lists(st.floats(min_value=0, max_value=1000), max_size=4), st.floats(min_value=0, max_value=1e6))
def test_a_burn_bar_stays_in_its_frame(value: float, limits: list[float], top: float) -> None:
    """Whatever the rate and its limits."""
    markup = burn_bar(value, [LevelLine(limit, "page") for limit in limits], top, "page")

    assert all(0 <= number <= 100 for number in coordinates(markup))


@settings(deadline=None)
@given(st.floats(min_value=-1e9, max_value=1))
def test_an_overspent_budget_has_a_bar_of_its_own(left: float) -> None:
    """Never an empty bar that could be mistaken for a scale."""
    markup = budget_bar(left, "burning")

    assert all(0 <= number <= 100 for number in coordinates(markup))
    assert ('class="over"' in markup) == (left < 0)


@settings(deadline=None)
@given(st.lists(st.tuples(SHARES, SHARES, VALUES), max_size=20), VALUES)
def test_columns_and_lines_stay_in_their_frame(steps: list[tuple[float, float, float]], top: float) -> None:
    """Also where a value is beyond the axis."""
    drawn = columns([Column(*step) for step in steps], top, "bad", "says")
    line = lines([[(x, v) for x, _, v in steps]] if steps else [], 0, top, "says", [LevelLine(0, "objective")])

    assert all(0 <= number <= max(WIDTH, HEIGHT) for markup in (drawn, line) for number in coordinates(markup))


def test_what_a_chart_says_is_escaped_and_nothing_is_styled_inline() -> None:
    """Names may hold anything; the policy forbids style attributes."""
    markup = columns([Column(0, 1, 1)], 1, 'x" onload="', "<script>alert(1)</script>")

    assert "<script" not in markup
    assert 'onload="' not in markup
    assert "style=" not in markup
