"""A version of a service, as its senders call it."""

from __future__ import annotations

from typing import NamedTuple


class ServiceVersion(NamedTuple):
    """A service and its `service.version`, empty where it says none."""

    service: str
    version: str = ""
