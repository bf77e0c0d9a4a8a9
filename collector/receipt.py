"""What a sender is told about a request: how much of it was taken, and that it had been counted already."""

from __future__ import annotations

from typing import Final, NamedTuple

REMEMBERED: Final = 900.0
"""Seconds a request or an interval is recognised at least: senders give up after 600."""


class Receipt(NamedTuple):
    """What became of a request: items taken and refused, why, and whether it had been counted before."""

    accepted: int
    rejected: int = 0
    reason: str = ""
    repeated: bool = False
