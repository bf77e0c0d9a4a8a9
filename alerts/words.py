"""What a condition says of itself, where there is no burn rate that would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one alert: `summary` for a phone's lock screen, `description` the paragraph behind it, `reason` why it fires.

    `details` are further facts by name, in the order in which they are told. `over` is the sentence at its end; empty where how long it
    fired says enough.
    """

    summary: str
    description: str
    reason: str
    details: Mapping[str, str] = field(default_factory=dict)
    over: str = ""
