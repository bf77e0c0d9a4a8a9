"""Asking a running collector: one that refuses, or can't be asked, ends the command in a sentence."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .extra import collector_extra
from .failure import EXIT_FAULT, fail

if TYPE_CHECKING:
    from ..client import Client


@contextmanager
def asked(url: str, otherwise: int = EXIT_FAULT) -> Generator[Client]:
    """The collector at `url`; what it refuses or does not answer ends the command with the exit code `otherwise`."""
    with collector_extra():
        import httpx

        from ..client import Client
    try:
        with Client(url) as client:
            yield client
    except httpx.HTTPStatusError as error:
        fail(f"the collector at {url} refuses: {error.response.text}", otherwise)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: no name of a host, no kind of proxy
        reason = str(error).partition("\n")[0].rstrip(".")
        advice = "say with --url where the pages of `fournines serve` are"
        fail(f"the collector at {url} can't be asked: {reason}; {advice}", otherwise)
