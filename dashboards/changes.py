"""What went out, in words and as marks on a time axis."""

from __future__ import annotations

from typing import NamedTuple

from ..alerts.messages.context import Rollout
from ..slo import figures, timestamp


class Change(NamedTuple):
    """A deployment as the page says it: of which service, which version, when, and what became of it."""

    service: str
    version: str
    began: str
    ago: str
    became: str
    by: str
    moment: str
    """When it began, as a machine reads it."""

    @property
    def failed(self) -> bool:
        """Whether it was taken back."""
        return self.became == "rolled back"


def change_of(service: str, rollout: Rollout, now: float) -> Change:
    """A deployment in words, as of `now`."""
    apart = int(now) - int(rollout.began)
    ago = f"{figures.duration(apart)} ago" if apart >= 0 else f"in {figures.duration(-apart)}"
    return Change(
        service=service,
        version=rollout.version,
        began=figures.clock(rollout.began, now),
        ago=ago,
        became=_became(rollout),
        by=", ".join(filter(None, (rollout.author, rollout.commit and f"commit {rollout.commit[:12]}"))),
        moment=timestamp(rollout.began),
    )


def _became(rollout: Rollout) -> str:
    if rollout.rolled_back is not None:
        return "rolled back"
    return "going out" if rollout.ended is None else "done"
