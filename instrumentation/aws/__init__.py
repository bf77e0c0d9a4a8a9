"""AWS X-Ray inside a service: its SDK, beside or before us, speaks of the same requests and the same traces."""

from __future__ import annotations

from .bridge import bridge

__all__ = ["bridge"]
