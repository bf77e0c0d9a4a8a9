"""Where people find the pages, and services the collector."""

from __future__ import annotations

import platform
from typing import Final

from ..settings import Settings

EVERY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not listened on


def page_url(settings: Settings, port: int) -> str:
    """As configured; else the address listened on, or this machine's name where that is every one."""
    if settings.url:
        return str(settings.url).rstrip("/")
    host = platform.node() if settings.host in EVERY_ADDRESS else _bracketed(settings.host)
    return f"http://{host}:{port}"


def otlp_url(settings: Settings, port: int) -> str:
    """Where services send OTLP over HTTP, for a newcomer to copy."""
    return f"http://{_bracketed(settings.host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
