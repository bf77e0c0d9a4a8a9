"""Addresses of others: `host:port` to scrape, URLs to probe."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _target(value: str) -> str:
    if not re.fullmatch(r"[^\s/@?#]+", value) or not _has_port(f"http://{value}"):
        raise ValueError("is no host:port; scheme and path are keys of their own")
    return value


def _probed_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]\S*|tcp://[^\s/]+:\d+", value) or not _has_port(value):
        raise ValueError("is no http:// or https:// address, nor tcp://host:port, with a port up to 65535")
    return value


def _has_port(url: str) -> bool:
    """Whether the address names a host, and a port that there is, or none."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


ScrapeTarget = Annotated[str, AfterValidator(_target)]
"""`host` or `host:port`."""

ProbedUrl = Annotated[str, AfterValidator(_probed_url)]
"""`http://...`, `https://...` or `tcp://host:port`."""
