"""Traces that are kept."""

import pytest

from fournines.serving.contract import encode_cursor

TRACE = "0af7651916cd43dd8448eb211c80319c"
FAR = encode_cursor((10**30, TRACE))


def test_traces_are_found_as_they_are_asked_for(ask, sources, now):
    """Service, route, state and number are handed on; unless given, anything goes and fifty are enough."""
    sources.traces = {TRACE: {"trace_id": TRACE}}

    assert {"traces": [{"trace_id": TRACE}], "next": None} == ask("/api/v1/traces").json()
    ask("/api/v1/traces?service=shop&route=/pay&state=slow&limit=7")
    assert [(now, None, None, None, 51, None), (now, "shop", "/pay", "slow", 8, None)] == sources.asked


@pytest.mark.parametrize("query", ["state=dead", "limit=0", "limit=1001", f"cursor={FAR}"])
def test_what_no_trace_can_be_is_refused(ask, sources, query):
    """A mistyped state does not read as `none of these`; a cursor is the place of a trace that could be."""
    assert 422 == ask(f"/api/v1/traces?{query}").status_code
    assert [] == sources.asked


def test_one_trace_is_kept_or_not(ask, sources):
    """What is not kept is named; what is no id is told apart from it."""
    sources.traces = {TRACE: {"spans": []}}
    other = "0" * 32

    assert {"spans": []} == ask(f"/api/v1/traces/{TRACE}").json()
    assert f"no trace {other} is kept" == ask(f"/api/v1/traces/{other}").json()["detail"]
    assert [404, 422] == [ask(f"/api/v1/traces/{name}").status_code for name in (other, "abc")]
