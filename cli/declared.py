"""What a service declares in its code, as a collector heard it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .asking import asked
from .failure import fail

if TYPE_CHECKING:
    from ..client import JSON


def declared_by(service: str, url: str) -> Sequence[JSON]:
    """Its SLOs as the API gives them; the command ends where there are none, or nobody can be asked."""
    with asked(url) as client:
        declared = client.declarations(service)
    if not declared:
        fail(f"{service} declares no SLO, as far as the collector at {url} heard")
    return declared
