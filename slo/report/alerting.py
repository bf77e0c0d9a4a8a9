"""What people were told in a period, and what came of it: incidents, and how many alerts of which kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from ..window import Interval
from .number import Number, Second


@dataclass(frozen=True, slots=True)
class Incident:
    """A page that was open at some time in a period; `ended` is null while it still is.

    `answered` is when somebody took it on first, `by` whom. `bad` is what its SLO counted as bad between its beginning and its end, as far
    as they lie in the period, in whole minutes (of what is older than 34 days, in whole hours); `burnt` the share of the period's budget
    that this is. Both are null of an SLO that counts no events. `useful` is what people judged, null where nobody did.
    """

    number: int
    slo: str
    service: str
    began: Second
    ended: Second | None
    answered: Second | None
    by: str
    reason: str
    bad: int | None = None
    burnt: Number | None = None
    useful: bool | None = None

    @property
    def seconds_to_answer(self) -> int | None:
        """From its beginning until somebody took it on."""
        return None if self.answered is None else max(0, self.answered - self.began)

    @property
    def seconds_to_end(self) -> int | None:
        """From its beginning until it was over."""
        return None if self.ended is None else max(0, self.ended - self.began)


@dataclass(frozen=True, slots=True)
class AlertTally:
    """Alerts that began in a period and that anybody was told of: `pages`, and `others`, which wake nobody.

    Of these `judged` were judged by people once they were over, and `useful` found to be. Precision is the share of those that were judged.
    """

    pages: int = 0
    others: int = 0
    judged: int = 0
    useful: int = 0
    precision: Number | None = None

    def __add__(self, other: AlertTally) -> AlertTally:
        """Of both."""
        return tally_alerts(
            self.pages + other.pages, self.others + other.others, self.judged + other.judged, self.useful + other.useful
        )


def tally_alerts(pages: int, others: int, judged: int, useful: int) -> AlertTally:
    """With the precision that follows."""
    return AlertTally(pages, others, judged, useful, Fraction(useful, judged) if judged else None)


def began_within(incidents: Iterable[Incident], period: Interval) -> list[Incident]:
    """Those that are this period's, and no other's."""
    return [each for each in incidents if period.start <= each.began < period.end]
