"""Paths that operators, scrapers and browsers call."""

from __future__ import annotations

from typing import Final

QUIET_PATHS: Final = frozenset(
    {
        "/health", "/healthz", "/healthcheck", "/health/live", "/health/ready", "/live", "/livez", "/liveness",
        "/ready", "/readyz", "/readiness", "/startupz", "/ping", "/status", "/-/healthy", "/-/ready", "/_health",
        "/metrics", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json", "/favicon.ico",
    }
)  # fmt: skip
"""What operators, scrapers and browsers call: measured like everything, traced only when it fails."""
