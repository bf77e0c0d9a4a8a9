"""What a Prometheus-compatible engine is asked."""

from __future__ import annotations

import pytest

from fournines.slo import InvalidValue, Queries


@pytest.mark.parametrize("said", [{"good": "a", "total": "b"}, {"bad": "a", "total": "b"}, {"raw": "a"}])
def test_what_may_be_said(said):
    """Good or bad events of a total, or a share; asked of the settings' engine, and no counters, unless said."""
    queries = Queries(**said)

    assert (queries.is_windowed, queries.counter, queries.source) == (False, False, "")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"good": "a"},
        {"total": "b"},
        {"good": "a", "bad": "b", "total": "c"},
        {"good": "a", "raw": "b"},
        {"raw": "a", "total": "b"},
        {"good": "a", "bad": "b", "raw": "c"},
    ],
)
def test_what_may_not(said):
    """Nothing, events of no total, both good and bad, a share of a total."""
    with pytest.raises(InvalidValue):
        Queries(**said)


@pytest.mark.parametrize("window", ["{{.window}}", "{{ .window }}", "{{window}}", "$window", "${window}"])
@pytest.mark.parametrize("name", ["good", "bad", "total"])
def test_a_window_is_put_in_wherever_it_is_named(window, name):
    """In each text, every time, however templates write it; the rest of it and of the others stays."""
    other = "bad" if name == "bad" else "good"
    said = {other: "up", "total": "up", name: f'rate(a[{window}]) / b{{c="$windows"}}[{window}]'}
    queries = Queries(**said, counter=True, source="main")

    assert queries.is_windowed
    assert queries.over(300) == Queries(
        **{**said, name: 'rate(a[300s]) / b{c="$windows"}[300s]'}, counter=True, source="main"
    )


def test_a_window_in_a_share():
    """A share that names the window is asked over it."""
    assert Queries(raw="avg_over_time(up[$window])").over(60).raw == "avg_over_time(up[60s])"
    assert not Queries(raw="avg_over_time(up[$window])").over(60).is_windowed
