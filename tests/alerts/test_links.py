"""Where alerts lead to."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from fournines.alerts.links import links, slo_path, slo_url


def test_a_team_s_own_dashboard_goes_before_the_slo_s_page(slo):
    """And a runbook is there where somebody wrote one."""
    own = {
        "fournines/dashboard": "https://grafana.example.com/d/1",
        "fournines/runbook": "https://runbooks.example.com/1",
    }

    assert links(slo(), "http://collector:8400/") == {
        "dashboard_url": "http://collector:8400/slo/payments-availability"
    }
    assert links(slo(annotations=MappingProxyType(own)), "http://collector:8400") == {
        "dashboard_url": "https://grafana.example.com/d/1",
        "runbook_url": "https://runbooks.example.com/1",
    }


@pytest.mark.parametrize(
    "text", ["", "javascript:alert(1)", "JaVaScript:x", "data:text/html,x", "//evil", "/local", "https://", "http://["]
)
def test_nothing_but_http_becomes_a_link(slo, text):
    """An annotation is somebody's text: what no file may hold is led to neither, whoever made the SLO."""
    hostile = MappingProxyType({"fournines/dashboard": text, "fournines/runbook": text})

    assert links(slo(annotations=hostile), "http://c") == {"dashboard_url": "http://c/slo/payments-availability"}


def test_names_are_escaped_in_addresses():
    """A slash in a name is no new path."""
    assert slo_path("a/b c?d") == "/slo/a%2Fb%20c%3Fd"
    assert slo_url("http://c/", "a/b") == "http://c/slo/a%2Fb"
