"""What is new about an incident that people know of: one sentence a message."""

from __future__ import annotations

from ..slo import timestamp
from .alert import Alert
from .notice import Notice


def news_of(notice: Notice, alert: Alert, why: str) -> str:
    """The sentence for a notice, `why` being what the last stage said; `alert` is as it was before. Empty where the rest says enough."""
    match notice:
        case Notice.AGAIN:
            return f"It still fires. What kept it quiet is over: {alert.hushed}."
        case Notice.REMINDED:
            return f"Nobody has acknowledged it; it fires since {timestamp(alert.firing.since)}."
        case Notice.ESCALATED:
            return "It is a page now. This alert goes on when the page is over, should it still be met."
        case Notice.GOES_ON:
            return "Its page is over, and it is still met."
        case Notice.HUSHED:
            return f"Nobody is told again for now: {why}."
        case _:
            return ""
