"""Figures: made of sums, and of nothing else."""

from __future__ import annotations

from dataclasses import astuple, replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import DAY
from fournines.slo.report import Figure, Incident, ReleaseLine, Scorecard, Sums, tally_alerts, tally_releases
from fournines.slo.report.alerting import began_within
from fournines.slo.window import Interval

numbers = st.integers(0, 10**6)
sums = st.builds(
    Sums,
    good=numbers,
    total=numbers,
    pages=numbers,
    answered=numbers,
    seconds_to_answer=numbers,
    durations=st.none() | st.fractions(0, 100),
    requests=st.none() | st.fractions(0, 100),
    in_flight=st.none() | st.fractions(0, 100),
    cost=st.none() | st.decimals(0, 10_000, places=2),
)


def page(began, ended=None, answered=None):
    return Incident(1, "pay", "shop", began, ended, answered, "ana" if answered else "", "burns")


def release(version, *, ended=True, seconds=None, failures=()):
    return ReleaseLine("shop", version, 0, ended, seconds, "", failures)


@given(one=sums, other=sums, third=sums)
def test_sums_add_up_in_any_order(one, other, third):
    """So a total does not depend on which service came first."""
    assert (one + other) + third == one + (other + third)
    assert one + other == other + one
    assert one + Sums() == one


def test_a_total_is_no_mean_of_means():
    """A large service weighs more than a small one: 1 of 2 and 999,998 of 999,998 are 999,999 of 1,000,000."""
    whole = Sums(good=1, total=2, durations=Fraction(10), requests=Fraction(2)) + Sums(
        good=999_998, total=999_998, durations=Fraction(90), requests=Fraction(98)
    )
    card = Scorecard.of(whole, DAY, 1)

    assert Fraction(999_999, 1_000_000) == card.uptime_ratio.value
    assert 1 == card.mean_response_seconds.value


def test_users_in_all_are_those_of_the_service_that_had_most():
    """A request that calls others is in flight in each of them: the sum would count its user again and again."""
    edge, behind = Sums(in_flight=Fraction(70)), Sums(in_flight=Fraction(60))
    assert 70 == Scorecard.of(edge + behind + Sums(), DAY, 1).concurrent_users.value


def test_what_is_not_known_says_why_and_is_no_zero():
    """Each figure of nothing is null, with its reason."""
    card = Scorecard.of(Sums(), DAY, 1)
    named = {name: getattr(card, name) for name in Scorecard.__dataclass_fields__ if name != "currency"}

    assert ["releases_per_day"] == [name for name, figure in named.items() if figure.value is not None]
    assert all(figure.why for name, figure in named.items() if figure.value is None)


def test_pages_are_answered_and_resolved_in_the_mean_of_those_that_were():
    """Of three pages, one still open and one never taken on."""
    found = Sums().with_pages([page(100, 400, 160), page(1000, 1900), page(5000, None, 5120)])
    card = Scorecard.of(found, DAY, 1)

    assert 90 == card.seconds_to_answer.value
    assert 600 == card.seconds_to_resolve.value
    assert [200] == [each.began for each in began_within([page(99), page(200), page(300)], Interval(100, 300))]


def test_releases_count_once_they_ended():
    """One under way is neither good nor bad; one of unknown length counts, and has none."""
    tally = tally_releases(
        [release("1", seconds=Fraction(60)), release("2", failures=("rolled back",)), release("3", ended=False)]
    )
    card = Scorecard.of(Sums(releases=tally), 4 * DAY, 1)

    assert (2, 1, 1) == (tally.ended, tally.failed, tally.timed)
    assert (Fraction(1, 2), 60) == (card.releases_per_day.value, card.deployment_seconds.value)


def test_a_months_cost_is_the_mean_of_the_months():
    """A quarter's third; a week has none."""
    spent = Sums(cost=Decimal("300.30"), currency="EUR")
    assert Figure(Fraction("100.1")) == Scorecard.of(spent, DAY, 3).monthly_cost
    assert Figure(None, "a week has no month's cost") == Scorecard.of(spent, DAY, 0).monthly_cost


@given(counts=st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=1))
def test_precision_is_of_the_judged(counts):
    """Useful of judged, whoever had them; of none judged, null."""
    tallies = [tally_alerts(pages, others, judged + useful, useful) for pages, others, judged, useful in counts]
    whole = tallies[0]
    for each in tallies[1:]:
        whole += each
    judged = sum(judged + useful for _, _, judged, useful in counts)
    useful = sum(useful for *_, useful in counts)

    assert (Fraction(useful, judged) if judged else None) == whole.precision
    assert astuple(replace(whole, precision=None))[:4] == (
        sum(each[0] for each in counts),
        sum(each[1] for each in counts),
        judged,
        useful,
    )
