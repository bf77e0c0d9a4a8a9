"""What the application is made of."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import FastAPI

JSON = dict[str, Any]


class Subject(Protocol):
    """One subject of the API."""

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        ...
