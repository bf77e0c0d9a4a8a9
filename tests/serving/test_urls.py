"""Where people find the pages, and services the collector."""

import platform

import pytest

from fournines.serving import otlp_url, page_url
from fournines.settings import Settings


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({}, "http://127.0.0.1:8400"),
        ({"host": "::1"}, "http://[::1]:8400"),
        ({"host": "0.0.0.0"}, f"http://{platform.node()}:8400"),
        ({"host": "::"}, f"http://{platform.node()}:8400"),
        ({"url": "https://slo.example/"}, "https://slo.example"),
        ({"url": "https://slo.example/base/", "host": "0.0.0.0"}, "https://slo.example/base"),
    ],
)
def test_links_lead_to_the_pages(said, url):
    """As configured, else as listened on; an address that means every one is no link."""
    assert url == page_url(Settings.model_validate(said), 8400)


@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "http://127.0.0.1:4318"), ("::1", "http://[::1]:4318")])
def test_a_newcomer_is_told_where_to_send(host, url):
    """The address can be copied as it is."""
    assert url == otlp_url(Settings(host=host), 4318)
