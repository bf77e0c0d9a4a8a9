"""Advice: what is allowed and yet unwise."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from fournines.slo import (
    DAY,
    HOUR,
    PROMQL,
    RUNBOOK,
    SLI,
    SLO,
    SLOS,
    SPANS,
    WORKBOOK,
    BurnRule,
    Composite,
    Member,
    Method,
    Objective,
    Place,
    Queries,
    Rule,
    Severity,
    Slices,
    SLIKind,
    Window,
    advise,
)

SHARED = SLI(
    SLIKind.AVAILABILITY, "payments", SLOS, composite=Composite(Rule.WEIGHTED, (Member("users"), Member("ledger")))
)
RAW = SLI(SLIKind.AVAILABILITY, "payments", PROMQL, promql=Queries(raw="failures"))
NOTES = {RUNBOOK: "https://runbooks.example.com/payments"}


def latency(seconds, signal="http.server.request.duration"):
    sli = SLI(SLIKind.LATENCY, "payments", threshold=Decimal(seconds), signal=signal)
    return SLO("payments-latency", sli, Objective(Decimal("0.99")), annotations=NOTES)


def test_nothing_to_say(make_slo):
    """A wise SLO gets no advice."""
    assert advise([make_slo(annotations=NOTES), latency("0.25"), replace(latency("0.30"), name="slower")]) == ()


def test_advice_has_a_place():
    """Advice reads like a fault: file, line, the SLO's name and what to do."""
    (advice,) = advise([replace(latency("0.22"), place=Place("slos.yaml", 4))])

    assert str(advice).startswith("slos.yaml:4: payments-latency: a threshold of 0.22 s is no boundary")


def test_advice_without_a_place():
    """An SLO that stands in no file, as those made by themselves, is advised by its name alone."""
    (advice,) = advise([latency("0.22")])

    assert (advice.file, advice.line, advice.path) == ("", 0, "payments-latency")


@pytest.mark.parametrize(
    ("seconds", "said"), [("0.22", "0.2 s is used"), ("12", "10 s is used"), ("0.001", "no request would be good")]
)
def test_thresholds_between_boundaries(seconds, said):
    """A threshold that is no boundary of the histogram is answered with the one that counts, and what to do."""
    (advice,) = advise([latency(seconds)])

    assert said in advice.message
    assert f"FOURNINES_LATENCY_THRESHOLDS={seconds}" in advice.message


def test_only_our_histograms_have_our_boundaries():
    """Spans have no boundaries, and another metric's are not known here."""
    assert advise([latency("0.22", SPANS), latency("0.22", "rpc.server.duration")]) == ()


def test_rules_that_cannot_fire(make_slo):
    """A factor beyond what a total outage burns is said with both figures."""
    advice = advise([make_slo(target="0.9", annotations=NOTES)])

    assert [each.message for each in advice] == [
        (
            "the page of 1h and 5m can't fire: it needs a burn above 14.4, and a target of 0.9 burns 10 at most; "
            "give it a smaller share of the budget, or a longer long window"
        )
    ]


@pytest.mark.parametrize(("target", "hours", "reachable"), [("0.5", 99, True), ("0.5", 100, False), ("0.6", 124, True)])
def test_a_factor_that_is_just_out_of_reach(make_slo, target, hours, reachable):
    """Strictly above: a factor that a total outage only equals can't be exceeded, one a little below it can."""
    window = Window(WORKBOOK[0].long.seconds * hours)
    advice = advise([make_slo(target=target, window=window, rules=WORKBOOK[:1], annotations=NOTES)])

    assert reachable is (WORKBOOK[0].factor(window) * Objective.parse(target).allowed < 1)
    assert [each.message.partition(":")[0] for each in advice] == (
        [] if reachable else ["the page of 1h and 5m can't fire"]
    )


def messages_of(*slos, rates=None):
    """What is said, in the order of the SLOs."""
    return [each.message for each in advise(slos, rates)]


def test_windows_shorter_than_their_pairs(make_slo):
    """A pair that looks back further than the budget does is told, and what to do."""
    pages = BurnRule(Severity.PAGE, Fraction(1, 2), Window(HOUR), Window(300))

    assert messages_of(make_slo(window=Window.parse("1d"), rules=(pages, WORKBOOK[3]))) == [
        "the ticket of 3d and 6h looks back longer than the budget's window of 1d; use a longer window, or shorter pairs"
    ]


@pytest.mark.parametrize(("days", "said"), [(3, "100"), (8, "37.5"), (15, "20"), (23, "13.1"), (27, "11.2")])
def test_the_share_that_is_advised_mends_it_and_no_smaller_one(make_slo, days, said):
    """Whoever does as told is told nothing more; with a tenth of a per cent less still."""

    def told_with(share):
        rules = (WORKBOOK[0], BurnRule(Severity.TICKET, Fraction(share) / 100, Window(3 * DAY), Window(6 * HOUR)))
        return messages_of(make_slo(window=Window(days * DAY), rules=rules))

    assert [message.endswith(f"give it {said} % of the budget or more") for message in told_with(5)] == [True]
    assert told_with(said) == []
    assert len(told_with(Fraction(said) - Fraction("0.1"))) == 1


@pytest.mark.parametrize(("days", "said"), [(28, True), (30, False)])
def test_a_factor_below_one_tells_of_budgets_that_last(make_slo, days, said):
    """The slow ticket of 28 d fires at a burn that never spends the budget, and the share that mends it is said; that of 30 d does not."""
    message = (
        "the ticket of 3d and 6h fires at a burn of 0.933333, at which the budget of 28d is never spent; "
        "give it 10.8 % of the budget or more"
    )

    assert messages_of(make_slo(window=Window(days * DAY))) == [message] * said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": "0.999"}, True),
        ({"window": Window(20 * DAY)}, False),
        ({"sli": SLI(SLIKind.AVAILABILITY, "users")}, False),
        ({"provider": "bank"}, False),
    ],
)
def test_two_that_count_the_same(make_slo, change, said):
    """The second of two SLOs is told the first one's name where they count one thing over one window, whatever their objectives."""
    second = replace(make_slo("second", **{key: change[key] for key in change if key == "target"}), rules=WORKBOOK[:2])
    second = replace(second, **{key: change[key] for key in change if key != "target"})
    message = "counts the same events as payments-availability over the same window, so one failure is told twice; keep one of them"

    assert messages_of(make_slo(), second) == [message] * said


def test_a_strict_and_a_loose_objective(make_slo):
    """Two objectives on one SLI are meant where one file declares them."""
    here, there = Place("slos.yaml", 4), Place("more.yaml", 4)
    loose = make_slo("loose", "0.999")

    assert messages_of(make_slo(place=here), replace(loose, place=here)) == []
    assert len(messages_of(make_slo(place=here), replace(loose, place=there))) == 1
    assert len(messages_of(make_slo(place=there), replace(loose, place=here))) == 1
    assert len(messages_of(make_slo(place=here), make_slo("again", place=here))) == 1
    assert len(messages_of(make_slo(), replace(loose, place=here))) == 1
    assert len(messages_of(make_slo(place=here), loose)) == 1


def test_whom_nobody_is_paged_for(make_slo):
    """Tickets alone wake nobody; a member of a composite need not."""
    said = "nobody is paged for it; give it an alert policy with a page rule, or leave it out"
    composite = Composite(Rule.WEIGHTED, (Member("payments-availability"),))
    whole = SLO(
        "whole", SLI(SLIKind.AVAILABILITY, "bank", signal=SLOS, composite=composite), Objective(Decimal("0.99"))
    )

    assert messages_of(make_slo(rules=())) == messages_of(make_slo(rules=WORKBOOK[2:])) == [said]
    assert messages_of(make_slo(rules=()), whole) == []


def test_dependencies_that_are_nobody(make_slo):
    """A name is that of an SLO here, or of an automatic one of a service that has one."""
    first, users = make_slo(depends_on=("users-errors", "payments-latency", "database")), make_slo("users-errors")
    users = replace(users, sli=SLI(SLIKind.AVAILABILITY, "users"))

    assert messages_of(first, users) == [
        "depends on database, which no SLO here is called; say the name of an SLO, or of an automatic one of its service"
    ]


def test_dependencies_on_groups(make_slo):
    """What a group is called is known only where it is heard: a name that begins with that of its SLO may be one."""
    groups, single = make_slo("users", group_by=("http.route",)), make_slo("ledger", group_by=())
    several = make_slo("first", depends_on=("users-pay", "user-pay", "ledger-pay"), window=Window(28 * DAY))

    assert ["depends on user-pay", "depends on ledger-pay"] == [
        message.partition(",")[0] for message in messages_of(several, groups, single) if "depends" in message
    ]


def test_slices_of_a_moment(make_slo):
    """A slice shorter than a minute is told, and no longer one."""

    def told(seconds):
        slices = Slices(Decimal("0.9"), Window(seconds))
        return messages_of(make_slo(method=Method.TIMESLICES, slices=slices, window=Window(2 * DAY), rules=()))

    assert told(10)[0] == "slices of 10s are so short that a moment makes a bad one; use slices of 1m or more"
    assert told(60) == told(3_600) == told(10)[1:]


@pytest.mark.parametrize(
    ("sli", "more", "has_none"),
    [
        (SHARED, {}, True),
        (RAW, {}, True),
        (RAW, {"method": Method.RATIO_TIMESLICES, "slices": Slices(None)}, False),
        (RAW, {"method": Method.TIMESLICES, "slices": Slices(Decimal("0.9"))}, False),
        (SLI(SLIKind.AVAILABILITY, "payments"), {}, False),
    ],
)
def test_a_guard_without_effect(make_slo, sli, more, has_none):
    """Of shares of failures a page waits for none, whatever number of bad events is said; where none is said nothing is."""
    said = [
        make_slo(annotations=NOTES, sli=sli, **more),
        make_slo("quiet", annotations=NOTES, sli=sli, min_bad_events=2, **more),
    ]

    assert [[], [True] * has_none] == [
        [True for message in messages_of(slo) if "min-bad-events without effect" in message] for slo in said
    ]


@pytest.mark.parametrize(("rates", "said"), [(0.038, True), (0.039, False), (None, False)])
def test_what_cannot_be_measured(make_slo, rates, said):
    """An objective that allows fewer than ten failures at its traffic is told to promise less; of unknown traffic nothing is said."""
    message = (
        "at 0.038 events a second it may have 9.849 failures in 30d, and with fewer than 10 luck decides; "
        "promise less, use a longer window, or add probes"
    )

    assert (
        messages_of(make_slo(), rates={"payments-availability": rates} if rates else {"another": 0.001})
        == [message] * said
    )


def test_what_allows_ten_failures_is_measured(make_slo):
    """Not one of them less."""
    ten = Fraction(10 * 10_000, 30 * DAY)

    assert [messages_of(make_slo(), rates={"payments-availability": rate}) == [] for rate in (ten, ten * 0.999)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    "sli_of",
    [
        {"sli": RAW},
        {"sli": SHARED},
        {
            "sli": SLI(SLIKind.AVAILABILITY, "bank", SLOS, composite=Composite(Rule.ALL, (Member("a"), Member("b")))),
            "method": Method.TIMESLICES,
            "slices": Slices(None),
        },
    ],
)
def test_traffic_says_nothing_of_what_is_no_event(make_slo, sli_of):
    """Shares of failures, and slices that have no target of their own, are measured however few call."""
    slo = make_slo(rules=WORKBOOK[:2], **sli_of)

    assert messages_of(slo, rates={"payments-availability": 0.001}) == messages_of(slo)


@pytest.mark.parametrize(("rate", "said"), [(1 / 31, True), (1 / 30, False)])
def test_a_slice_that_bears_one_failure(make_slo, rate, said):
    """Of two events half may fail: one of them makes no bad slice."""
    sliced = make_slo(method=Method.TIMESLICES, slices=Slices(Decimal("0.5"), Window(60)), rules=WORKBOOK[:2])

    assert len(messages_of(sliced, rates={"payments-availability": rate})) == said


@pytest.mark.parametrize(("rate", "said"), [(0.3, True), (0.4, False), (0, False)])
def test_slices_of_few_events(make_slo, rate, said):
    """Where one failure makes a bad slice, slices are too short for their target; where nobody calls there are no bad ones."""
    sliced = make_slo(method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), Window(60)), rules=WORKBOOK[:2])
    message = "at 0.3 events a second one failure makes a slice of 1m bad; use longer slices, or a target of less"

    assert messages_of(sliced, rates={"payments-availability": rate}) == [message] * said
