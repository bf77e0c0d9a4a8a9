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
def asked(url: str, otherwise: int = EXIT_FAULT, timeout: float = 5.0) -> Generator[Client]:
    """The collector at `url`; what it refuses or does not answer ends the command with the exit code `otherwise`, as does one
    that is silent for `timeout` seconds.
    """
    with collector_extra():
        from ..client import Client, ClientError, Refused
    try:
        with Client(url, timeout) as client:
            yield client
    except Refused as error:
        fail(f"the collector at {url} refuses: {error}", otherwise)
    except ClientError as error:
        advice = "say with --url where the pages of `fournines serve` are"
        fail(f"the collector at {url} can't be asked: {error}; {advice}", otherwise)
