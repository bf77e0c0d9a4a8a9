"""judge: what has to hold at the end of the demo, each as a check with what was expected and what was found.

Pure: evidence in, checks out. Nothing is rounded before it is compared.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .artefacts import Artefacts
from .inbox import Paged
from .reading import Reading, Readings
from .tally import Count

__all__ = ["ALLOWED_SECONDS", "Check", "Evidence", "judge", "judge_artefacts"]

BROKEN, DOOR, HEALTHY = "payments", "gateway", "users"
ALLOWED_SECONDS = 30 * 86_400 / 10_000  # of total outage that 99.99 % leaves in 30 days
PAGE_LIMIT_SECONDS = 10.0
PAGE_GOAL_SECONDS = 8.0
PAGE_BURN = 14.4  # SRE Workbook, chapter 5: two per cent of the month's budget in an hour
SLOW_PAGE_SHARE = 0.05  # the same chapter: five per cent in six hours, looked at over 30 minutes too
BUCKET_SECONDS = 10.0  # the ledger's finest unit of time


@dataclass(frozen=True)
class Check:
    """One thing that had to hold: whether it did, what was expected and what was found, in words."""

    name: str
    held: bool
    expected: str
    found: str
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything the acts brought to light. Moments are epoch seconds; `broke_at` is when payments were broken.

    Customers came for `load_seconds`; from the bank's start to the ledger's last answer it were `life_seconds`.
    `load` and `tallies` were counted outside the product; `before`, `during`, `after` are what the collector said before
    the outage, at its end and, the services having flushed, at the very end.
    """

    load: Count
    unanswered: int
    load_seconds: float
    life_seconds: float
    tallies: Mapping[str, Count]
    before: Readings
    during: Readings
    after: Readings
    pages: Sequence[Paged]
    broke_at: float
    resolve_wanted: bool = False

    @property
    def first_failed_at(self) -> float | None:
        """When the first request failed: as the customers or the service itself saw it, whichever is earlier.

        A request that was already under way when payments broke began to fail then.
        """
        moments = (self.load.first_bad_at, self.tallies[BROKEN].first_bad_at)
        seen = [at for at in moments if at is not None]
        return max(self.broke_at, min(seen)) if seen else None

    def page(self, service: str, status: str = "firing") -> Paged | None:
        """The first page of the service's availability to arrive with this status."""
        wanted = (availability(service), "page", status)
        return next((page for page in self.pages if (page.slo, page.severity, page.status) == wanted), None)


def judge(evidence: Evidence) -> list[Check]:
    """Every check, in the order of the story. The demo passed if all of them held."""
    return [check for rule in RULES for check in rule(evidence)]


def judge_artefacts(made: Artefacts) -> list[Check]:
    """Dashboards and rules were written from the same SLO files, and promtool accepts the rules where it is there."""
    found = f"dashboards: {made.dashboards}, files of rules: {made.rule_files}"
    held = made.error == "" and made.dashboards > 0 and made.rule_files > 0
    accepted = {True: "accepted", False: "refused", None: "not looked at: no promtool here"}[made.accepted]
    return [
        Check("dashboards and rules as code", held, "both written", made.error or found),
        Check("rules checked by promtool", made.accepted is not False, "accepted, where promtool is", accepted),
    ]


def availability(service: str) -> str:
    """The name of a service's availability SLO."""
    return f"{service}-availability"


def healthy_at_first(evidence: Evidence) -> Iterator[Check]:
    """Before the outage no request had failed and nobody was paged."""
    readings = [evidence.before.get(availability(service)) for service in evidence.tallies]
    seen = [reading for reading in readings if reading is not None]
    bad = sum(reading.bad for reading in seen)
    total = sum(reading.total for reading in seen)
    held = len(seen) == len(readings) and bad == 0 < total
    yield Check("all well before the outage", held, "0 failed", f"{bad} failed of {total:,}")


def every_request_counted(evidence: Evidence) -> Iterator[Check]:
    """Ledger and independent count agree to the integer, service by service; the gateway's by what customers got."""
    for service, own in evidence.tallies.items():
        counted = evidence.load if service == DOOR else own
        by = "customers" if service == DOOR else "its own counter"
        yield same_count(service, by, counted, evidence.after.get(availability(service)))
    yield Check("every customer got an answer", evidence.unanswered == 0, "0 without", f"{evidence.unanswered} without")


def same_count(service: str, by: str, counted: Count, reading: Reading | None) -> Check:
    """One service's availability in the ledger against a count made elsewhere."""
    expected = f"{counted.good:,} good, {counted.bad:,} bad ({by})"
    name = f"every request counted: {service}"
    if reading is None:
        return Check(name, held=False, expected=expected, found="no such SLO in the ledger")
    held = (reading.good, reading.bad, reading.estimated_bad) == (counted.good, counted.bad, 0) and reading.total > 0
    estimated = f", {reading.estimated_bad:,} of them estimated" if reading.estimated_bad else ""
    note = f"{counted.other:,} throttled, which is no event" if counted.other else ""
    return Check(name, held, expected, f"{reading.good:,} good, {reading.bad:,} bad{estimated}", note)


def latency_counts_answers(evidence: Evidence) -> Iterator[Check]:
    """The latency SLOs hold exactly the requests that kept the promise: a failed one is availability's alone."""
    expected = sum((evidence.load if service == DOOR else own).good for service, own in evidence.tallies.items())
    readings = [evidence.after.get(f"{service}-latency") for service in evidence.tallies]
    found = sum(reading.total for reading in readings if reading is not None)
    name = "latency judged on answered requests only"
    yield Check(name, found == expected, f"{expected:,} requests", f"{found:,} requests")


def page_in_time(evidence: Evidence) -> Iterator[Check]:
    """The page for payments reached the receiver within 10 seconds of the first failed request."""
    name = f"a page for {BROKEN} within {PAGE_LIMIT_SECONDS:g} s"
    expected = f"goal {PAGE_GOAL_SECONDS:g} s, never over {PAGE_LIMIT_SECONDS:g} s"
    page, began = evidence.page(BROKEN), evidence.first_failed_at
    if page is None or began is None:
        yield Check(name, held=False, expected=expected, found="no page" if page is None else "nothing failed")
        return
    took = page.at - began
    note = f"slower than the goal of {PAGE_GOAL_SECONDS:g} s" if took > PAGE_GOAL_SECONDS else ""
    yield Check(name, 0 <= took <= PAGE_LIMIT_SECONDS, expected, f"{took:.1f} s after the first failed request", note)


def burning_where_it_hurts(evidence: Evidence) -> Iterator[Check]:
    """Payments burns by the end of the outage, and so does the gateway, whose customers felt it."""
    for service in (BROKEN, DOOR):
        reading = evidence.during.get(availability(service))
        burn = reading.burn_rates.get("5m") if reading is not None else None
        state = reading.state if reading is not None else "unknown"
        held = state == "burning" and burn is not None and burn > PAGE_BURN
        found = f"{state}, {burn:,.0f}x over 5 minutes" if burn is not None else state
        paged = "paged too" if service == DOOR and evidence.page(DOOR) else ""
        yield Check(f"{service} burns in the outage", held, f"burning, over {PAGE_BURN:g}x", found, paged)


def others_left_in_peace(evidence: Evidence) -> Iterator[Check]:
    """Nobody is paged for the availability of a service that did not fail."""
    bystanders = {availability(service) for service in evidence.tallies if service not in (BROKEN, DOOR)}
    paged = sorted({page.slo for page in evidence.pages if page.slo in bystanders and page.severity == "page"})
    yield Check(f"no page for {HEALTHY} and the others", not paged, "none", ", ".join(paged) or "none")


def budget_costs_what_it_should(evidence: Evidence) -> Iterator[Check]:
    """The outage cost its share of 259.2 s for payments, by its share of failing customers for the gateway."""
    counts = {BROKEN: evidence.tallies[BROKEN], DOOR: evidence.load}
    for service, counted in counts.items():
        yield cost(service, counted, evidence)
    untouched = evidence.after.get(availability(HEALTHY))
    left = untouched.remaining_ratio if untouched is not None else None
    yield Check(
        f"{HEALTHY} keeps its whole budget", left == 1, "100 % left", f"{left:.1%} left" if left is not None else "?"
    )


def cost(service: str, counted: Count, evidence: Evidence) -> Check:
    """Budget spent against what the failed requests are worth as seconds of total outage, of those a month allows.

    Their share of the time is known; the time itself the collector knows to one bucket, from when it first heard of the
    service to when it was asked.
    """
    share = counted.bad / max(1, counted.good + counted.bad) / ALLOWED_SECONDS
    about = share * evidence.load_seconds
    least, most = share * (evidence.load_seconds - BUCKET_SECONDS), share * (evidence.life_seconds + BUCKET_SECONDS)
    reading = evidence.after.get(availability(service))
    spent = reading.spent_ratio if reading is not None else None
    held = spent is not None and share > 0 and least <= spent <= most
    words = f"about {about:.1%} of the month: {about * ALLOWED_SECONDS:.1f} s of {ALLOWED_SECONDS:.1f} s"
    found = "?" if spent is None else f"{spent:.1%} of the month"
    return Check(
        f"{service} has spent its share", held, words, found, f"{least:.1%} to {most:.1%} by the buckets of 10 s"
    )


def pages_end(evidence: Evidence) -> Iterator[Check]:
    """With --full: a page ends once its windows have forgotten the outage.

    The fast pair forgets in 5 minutes. Who lost more than 5 % of the month's budget is also held by the pair of 6 hours
    and 30 minutes, so that page has to be open still.
    """
    if not evidence.resolve_wanted:
        return
    for service in (BROKEN, DOOR):
        reading = evidence.after.get(availability(service))
        spent = reading.spent_ratio if reading is not None else None
        firing, resolved = evidence.page(service), evidence.page(service, "resolved")
        found = f"resolved {resolved.at - firing.at:.0f} s after it came" if firing and resolved else "open"
        if spent is not None and spent > SLOW_PAGE_SHARE:
            expected = f"open: over {SLOW_PAGE_SHARE:.0%} of a month burns for 30 minutes"
            yield Check(f"the page for {service} stays open", firing is not None and resolved is None, expected, found)
        else:
            held = firing is not None and resolved is not None and resolved.at > firing.at
            yield Check(f"the page for {service} resolves", held, "resolved", found if firing else "no page")


RULES: tuple[Callable[[Evidence], Iterator[Check]], ...] = (
    healthy_at_first,
    every_request_counted,
    latency_counts_answers,
    page_in_time,
    burning_where_it_hurts,
    others_left_in_peace,
    budget_costs_what_it_should,
    pages_end,
)
