"""The answer while nothing can be kept."""

from __future__ import annotations

from fastapi import HTTPException

from ...alerts import StoreError


def not_kept(error: StoreError) -> HTTPException:
    """To be asked again in a second."""
    return HTTPException(503, str(error), {"Retry-After": "1"})
