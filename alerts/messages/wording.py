"""The wording of a message: each fact in words already, for templates to place and for receivers to show as fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

NEWS: Final = "news"
ACKNOWLEDGED: Final = "acknowledged"
"""Facts that change while an incident goes on."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a message can say. All are texts of one line, and empty where there is nothing to say.

    `action` is trigger, update, acknowledge or resolve; `kind` that of the alert. `news` is what just happened to it, `opening` its
    summary when it fired. `said`, `said_more` and `over` are the words of what has no burn rate, `more` its own facts.
    """

    action: str
    kind: str
    severity: str
    slo: str
    service: str
    since: str
    news: str = ""
    escalated: str = ""
    again: str = ""
    acknowledged: str = ""
    promise: str = ""
    window: str = ""
    rate: str = ""
    rates: str = ""
    limit: str = ""
    left: str = ""
    empty_in: str = ""
    said: str = ""
    said_more: str = ""
    over: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    fails: str = ""
    changed: str = ""
    example: str = ""
    caveats: str = ""
    opening: str = ""
    lasted: str = ""
    cost: str = ""

    @property
    def details(self) -> dict[str, str]:
        """The facts that are known, by name, in the order in which every receiver shows them."""
        told = {
            NEWS: self.news,
            "what": self.said_more if self.action != "resolve" else self.over,
            "promise": f"{self.promise}, over {self.window}" if self.promise else "",
            "since": self.since,
            "lasted": self.lasted,
            "cost": self.cost,
            "burn": f"{self.rates}, above {self.limit}" if self.rates else "",
            "budget": f"{self.left}, over {self.window}" if self.left else "",
            "empty in": self.empty_in,
            **self.more,
            "fails": self.fails,
            "changed": self.changed,
            "trace": self.example,
            "escalated": self.escalated,
            "again": self.again,
            ACKNOWLEDGED: self.acknowledged,
            "caveats": self.caveats,
        }
        return {name: text for name, text in told.items() if text}
