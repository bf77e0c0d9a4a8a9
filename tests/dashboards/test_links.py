"""Only addresses that a browser may safely follow are linked."""

from __future__ import annotations

import pytest

from fournines.dashboards.links import safe_url


@pytest.mark.parametrize("url", ["https://runbooks.example.com/a?b=c#d", "http://10.0.0.1:8080/x"])
def test_http_addresses_are_linked(url: str) -> None:
    """Http and https, with a host."""
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "data:text/html,x", "//evil", "/local", "https://", "http://[", "JaVaScript:x"]
)
def test_nothing_else_is_linked(url: str) -> None:
    """No script, no data, no address without a host."""
    assert safe_url(url) is None
