"""What the application is made of."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import APIRouter

JSON = dict[str, Any]


class Subject(Protocol):
    """One subject of the API."""

    def router(self) -> APIRouter:
        """Its routes."""
        ...
