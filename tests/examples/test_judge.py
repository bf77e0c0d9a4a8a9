"""Laws of the judge: what held passes, and every single lie is found."""

from dataclasses import replace

import pytest

from fournines.examples.fintech_edge.artefacts import Artefacts
from fournines.examples.fintech_edge.inbox import Paged
from fournines.examples.fintech_edge.judge import judge, judge_artefacts
from fournines.examples.fintech_edge.tally import Count

BUILT = Artefacts(folder="build", dashboards=15, rule_files=2, accepted=True)


def failed(checks):
    """The names of the checks that did not hold."""
    return [check.name for check in checks if not check.held]


def changed(readings, name, **fields):
    """The readings with one of them changed."""
    return {**readings, name: replace(readings[name], **fields)}


def test_a_demo_in_which_everything_held_passes(evidence):
    """No check fails on faithful evidence."""
    assert [] == failed(judge(evidence))


@pytest.mark.parametrize("field", ["good", "bad"])
@pytest.mark.parametrize("service", ["users", "payments", "analytics"])
@pytest.mark.parametrize("by", [-1, 1])
def test_one_request_more_or_less_is_found(evidence, service, field, by):
    """A service's own count that differs from the ledger's by one fails its check."""
    own = evidence.tallies[service]
    lie = replace(own, **{field: getattr(own, field) + by})

    checks = judge(replace(evidence, tallies={**evidence.tallies, service: lie}))

    assert f"every request counted: {service}" in failed(checks)


def test_the_gateway_is_measured_by_what_customers_got(evidence):
    """The gateway's own counter doesn't count; what customers were answered does."""
    good = replace(evidence, tallies={**evidence.tallies, "gateway": Count()})
    bad = replace(evidence, load=replace(evidence.load, good=evidence.load.good + 1))

    assert [] == failed(judge(good))
    assert "every request counted: gateway" in failed(judge(bad))


def test_an_estimate_is_no_count(evidence):
    """Events the collector estimated are not accepted, even where the sum fits."""
    after = changed(evidence.after, "users-availability", estimated_bad=1)

    assert ["every request counted: users"] == failed(judge(replace(evidence, after=after)))


def test_an_slo_the_ledger_does_not_know_is_found(evidence):
    """A missing SLO fails its check instead of being passed over."""
    after = {name: r for name, r in evidence.after.items() if name != "accounts-availability"}

    assert ["every request counted: accounts"] == failed(judge(replace(evidence, after=after)))


def test_nothing_counted_at_all_does_not_pass(evidence):
    """Zero events on both sides is no agreement."""
    after = changed(evidence.after, "users-availability", good=0, total=0)
    tallies = {**evidence.tallies, "users": Count()}

    assert "every request counted: users" in failed(judge(replace(evidence, after=after, tallies=tallies)))


def test_a_customer_without_an_answer_fails(evidence):
    """What the gateway made of an unanswered request nobody knows, so the comparison is not clean."""
    assert ["every customer got an answer"] == failed(judge(replace(evidence, unanswered=1)))


@pytest.mark.parametrize(
    ("seconds", "held", "noted"),
    [
        (0.0, True, False),
        (8.0, True, False),
        (8.1, True, True),
        (10.0, True, True),
        (10.1, False, True),
        (-1.0, False, False),
    ],
)
def test_the_page_has_ten_seconds(evidence, seconds, held, noted):
    """At most 10 s from the first failed request; over 8 s is noted; a page before the failure is no page for it."""
    page = replace(evidence.pages[0], at=1_000.0 + seconds)

    check = next(c for c in judge(replace(evidence, pages=(page,))) if c.name.startswith("a page for payments"))

    assert (held, noted) == (check.held, bool(check.note))


def test_the_first_failure_is_the_earlier_of_both_sides(evidence):
    """The page's seconds run from whoever saw the failure first, customers or service."""
    tallies = {**evidence.tallies, "payments": replace(evidence.tallies["payments"], first_bad_at=990.0)}
    earlier = replace(evidence, tallies=tallies, broke_at=980.0)

    assert 990.0 == earlier.first_failed_at
    assert "a page for payments within 10 s" in failed(judge(earlier))


def test_nothing_fails_before_it_was_broken(evidence):
    """A request sent before the outage, and caught by it, counts from the outage's beginning."""
    assert 1_003.0 == replace(evidence, broke_at=1_003.0).first_failed_at


@pytest.mark.parametrize("lie", [{"severity": "ticket"}, {"status": "resolved"}, {"slo": "payments-latency"}])
def test_only_the_page_itself_counts(evidence, lie):
    """A ticket, a resolution or another SLO's page is not the page."""
    pages = (replace(evidence.pages[0], **lie),)

    assert ["a page for payments within 10 s"] == failed(judge(replace(evidence, pages=pages)))


@pytest.mark.parametrize("service", ["payments", "gateway"])
def test_who_fails_has_to_burn(evidence, service):
    """A state or a burn rate that doesn't say so at the end of the outage fails the check."""
    name = f"{service}-availability"
    calm = changed(evidence.during, name, state="healthy")
    slow = changed(evidence.during, name, burn_rates={"5m": 14.4})

    for during in (calm, slow, {}):
        assert f"{service} burns in the outage" in failed(judge(replace(evidence, during=during)))


@pytest.mark.parametrize("service", ["users", "accounts", "transactions", "notifications", "analytics"])
def test_nobody_else_is_paged(evidence, service):
    """A page for the availability of a service that did not fail is a false one."""
    false = Paged(f"{service}-availability", "page", "firing", 1_001.0, "")

    checks = judge(replace(evidence, pages=(*evidence.pages, false)))

    assert ["no page for users and the others"] == failed(checks)


@pytest.mark.parametrize("service", ["payments", "gateway"])
@pytest.mark.parametrize(("factor", "held"), [(0.7, False), (0.8, True), (1.0, True), (1.37, True), (1.4, False)])
def test_the_outage_costs_its_share(evidence, service, factor, held):
    """Budget spent is the failed share of the time, known to a bucket, as seconds of 259.2."""
    name = f"{service}-availability"
    spent = evidence.after[name].spent_ratio * factor
    after = changed(evidence.after, name, remaining_ratio=1 - spent)

    assert held == (f"{service} has spent its share" not in failed(judge(replace(evidence, after=after))))


def test_twenty_seconds_of_outage_are_eight_per_cent_of_the_month(evidence):
    """The figure a stranger is shown: 20 s of the 259.2 s that 99.99 % allows in 30 days."""
    cost = next(c for c in judge(evidence) if c.name == "payments has spent its share")

    assert "about 7.7% of the month: 20.0 s of 259.2 s" == cost.expected
    assert "7.7% of the month" == cost.found


def test_a_healthy_service_keeps_all_of_its_budget(evidence):
    """Any budget spent by users fails."""
    after = changed(evidence.after, "users-availability", remaining_ratio=0.999)

    assert ["users keeps its whole budget"] == failed(judge(replace(evidence, after=after)))


def test_failures_before_the_outage_fail(evidence):
    """The story must begin healthy, and with every service seen."""
    sick = changed(evidence.before, "users-availability", total=301)
    partial = {name: r for name, r in evidence.before.items() if name != "users-availability"}

    for before in (sick, partial, {}):
        assert ["all well before the outage"] == failed(judge(replace(evidence, before=before)))


def test_failed_requests_do_not_count_for_latency(evidence):
    """One event too many in a latency SLO is found."""
    one_more = evidence.after["payments-latency"].total + 1
    after = changed(evidence.after, "payments-latency", total=one_more)

    assert ["latency judged on answered requests only"] == failed(judge(replace(evidence, after=after)))


def test_pages_end_when_their_windows_forget(evidence):
    """With --full the gateway's page must be resolved, and that of payments, who lost over 5 %, must still be open."""
    wanted = replace(evidence, resolve_wanted=True)
    gateway = Paged("gateway-availability", "page", "resolved", 1_700.0, "")
    payments = Paged("payments-availability", "page", "resolved", 1_700.0, "")

    assert ["the page for gateway resolves"] == failed(judge(wanted))
    assert [] == failed(judge(replace(wanted, pages=(*evidence.pages, gateway))))
    assert ["the page for payments stays open"] == failed(
        judge(replace(wanted, pages=(*evidence.pages, gateway, payments)))
    )


def test_a_short_outage_is_over_sooner(evidence):
    """Who lost 5 % or less must be resolved too."""
    name = "payments-availability"
    after = changed(evidence.after, name, remaining_ratio=0.96)
    gateway = Paged("gateway-availability", "page", "resolved", 1_700.0, "")

    checks = judge(replace(evidence, resolve_wanted=True, after=after, pages=(*evidence.pages, gateway)))

    assert "the page for payments resolves" in failed(checks)


@pytest.mark.parametrize(
    ("lie", "name"),
    [
        ({"dashboards": 0}, "dashboards and rules as code"),
        ({"rule_files": 0}, "dashboards and rules as code"),
        ({"error": "build ended with 1"}, "dashboards and rules as code"),
        ({"accepted": False}, "rules checked by promtool"),
    ],
)
def test_what_was_not_built_is_found(lie, name):
    """No dashboards, no rules, a failed build or rules that promtool refuses: each fails."""
    assert [name] == failed(judge_artefacts(replace(BUILT, **lie)))


def test_no_promtool_is_said_and_is_no_failure():
    """Where promtool is missing the check says so and holds."""
    checks = judge_artefacts(replace(BUILT, accepted=None))

    assert [] == failed(checks)
    assert "no promtool here" in checks[-1].found
