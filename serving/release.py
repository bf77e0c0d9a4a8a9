"""A release: a deployment with what became of it, and the figures of many.

A deployment failed when it was rolled back, or when the gate stopped it, or a page of an SLO of its service began, while it was under way
or within an hour after it was done. A page is the failure of the one that began last before it, and of no other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median
from typing import Any

from ..alerts.past_pages import PastPage
from ..collector.records.deployments import FAILS_WITHIN, Deployment
from ..slo import DAY, timestamp

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Burnt:
    """What a release cost one SLO: the version's events that were bad, of so many, and the events its budget allows.

    A budget of slices allows no number of events: 0.
    """

    slo: str
    bad: int
    total: int
    allowed: Fraction

    @property
    def share(self) -> Fraction | None:
        """The share of the budget that it burnt; None where the budget allows nothing yet."""
        return self.bad / self.allowed if self.allowed else None


@dataclass(frozen=True, slots=True)
class Release:
    """A deployment, the pages that are its failures, and the budgets it burnt."""

    deployment: Deployment
    pages: tuple[PastPage, ...] = ()
    burnt: tuple[Burnt, ...] = field(default=())

    @property
    def failed_at(self) -> float | None:
        """When it began to fail: with its first page or its gate, whichever came first, else as it was rolled back. None: it did not."""
        found = [page.since for page in self.pages]
        found += [self.deployment.failed_gate] if self.deployment.failed_gate is not None else []
        return min(found, default=self.deployment.rolled_back)

    @property
    def failures(self) -> list[str]:
        """Why it failed, in words; empty where it did not."""
        one = self.deployment
        said = [f"paged for {page.slo}" for page in self.pages]
        said += ["the gate said fail"] if one.failed_gate is not None else []
        return said + (["rolled back"] if one.rolled_back is not None else [])

    @property
    def restored(self) -> float | None:
        """When it was good again: rolled back or, where it was not, with the end of its last page. None: nobody knows, or not yet."""
        if self.deployment.rolled_back is not None:
            return self.deployment.rolled_back
        ends = [page.resolved for page in self.pages]
        return None if None in ends else max((end for end in ends if end is not None), default=None)

    @property
    def seconds(self) -> float | None:
        """How long it took; None where its start or its end was not said."""
        one = self.deployment
        return None if one.started is None or one.finished is None else one.finished - one.started

    @property
    def seconds_to_restore(self) -> float | None:
        """From its failure until it was good again."""
        if self.failed_at is None or self.restored is None:
            return None
        return max(0.0, self.restored - self.failed_at)

    def as_json(self) -> JSON:
        """As the API says it."""
        one = self.deployment
        return {
            "id": one.id,
            "service": one.service,
            "version": one.version,
            "author": one.author,
            "commit": one.commit,
            "started": _moment(one.started),
            "finished": _moment(one.finished),
            "rolled_back": _moment(one.rolled_back),
            "seconds": self.seconds,
            "failures": self.failures,
            "seconds_to_restore": self.seconds_to_restore,
            "budget_burnt": [
                {"slo": each.slo, "bad": each.bad, "total": each.total, "share": _number(each.share)}
                for each in self.burnt
            ],
        }


def releases(
    known: Sequence[Deployment], pages: Iterable[PastPage], burnt: Mapping[int, tuple[Burnt, ...]]
) -> list[Release]:
    """Deployments, in the order in which they began, with their failures and, by their number, what they burnt."""
    of: dict[int, list[PastPage]] = {}
    services: dict[str, list[Deployment]] = {}
    for each in known:
        services.setdefault(each.service, []).append(each)
    for page in pages:
        mine = services.get(page.service, [])
        before = bisect_right(mine, page.since, key=lambda each: each.began)
        last = mine[before - 1] if before else None
        if last is not None and (last.ended is None or page.since < last.ended + FAILS_WITHIN):
            of.setdefault(last.id, []).append(page)
    return [Release(each, tuple(of.get(each.id, ())), burnt.get(each.id, ())) for each in known]


def figures(found: Sequence[Release], seconds: int) -> JSON:
    """How often a service, or several, released in a time of so many seconds, how quickly, how often badly, and for how long then.

    Counted are those that ended; one that is under way is neither good nor bad yet.
    """
    ended = [each for each in found if each.deployment.ended is not None]
    failed = [each for each in ended if each.failures]
    return {
        "deployments": len(ended),
        "per_day": len(ended) * DAY / seconds if seconds else None,
        "seconds_to_deploy": _middle(each.seconds for each in ended),
        "failed": len(failed),
        "change_failure_rate": len(failed) / len(ended) if ended else None,
        "seconds_to_restore": _middle(each.seconds_to_restore for each in failed),
    }


def _middle(found: Iterable[float | None]) -> float | None:
    """The median of those that are known."""
    known = [each for each in found if each is not None]
    return median(known) if known else None


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else timestamp(seconds)


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
