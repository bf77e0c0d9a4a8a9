"""What a service declares in its code, as a collector heard it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .extra import collector_extra
from .failure import fail

if TYPE_CHECKING:
    from ..client import JSON


def declared_by(service: str, url: str) -> list[JSON]:
    """Its SLOs as the API gives them; the command ends where there are none, or nobody can be asked."""
    with collector_extra():
        import httpx

        from ..client import Client

    try:
        with Client(url) as client:
            declared = client.declarations(service)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: no name of a host, no kind of proxy
        reason = str(error).partition("\n")[0].rstrip(".")
        fail(
            f"the collector at {url} can't be asked: {reason}; say with --url where the pages of `fournines serve` are"
        )
    if not declared:
        fail(f"{service} declares no SLO, as far as the collector at {url} heard")
    return declared
