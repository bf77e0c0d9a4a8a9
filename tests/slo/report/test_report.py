"""The whole report: its totals, what is put in later, and its JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.slo import DAY
from fournines.slo.report import (
    SCHEMA,
    Cause,
    Costs,
    Incident,
    InvalidReport,
    Month,
    Outcome,
    Period,
    ReleaseLine,
    SloReport,
    TakenOut,
    Tally,
    read_report,
    report_as_json,
    tally_alerts,
)
from fournines.slo.report.report import TimeSpent, report_of, service_report

OCTOBER = Period.parse("2026-10")
START, END = OCTOBER.interval("UTC")


def slo_line(name="pay-availability", good=9_990, total=10_000, **more):
    """One SLO that counted events."""
    known = {
        "service": "pay",
        "objective": "0.999",
        "method": "Occurrences",
        "unit": "events",
        "is_availability": True,
        "group_of": "",
        "zone": "UTC",
        "start": START,
        "end": END,
        "observed_seconds": END - START,
        "heard": END - 5,
        "outcome": Outcome.of(Tally(good, total, 1, Fraction(total, 1000))),
        "unknown": "",
    }
    return SloReport(name, **(known | more))


def service(name, *slos, incidents=(), releases=(), alerts=(0, 0, 0, 0)):
    return service_report(name, slos, incidents, releases, tally_alerts(*alerts), OCTOBER.interval("UTC"))


def october(*services, made=END):
    return report_of(OCTOBER, "UTC", made, services)


def full():
    """A report in which everything there is to say is said."""
    line = slo_line(
        causes=(Cause("/pay", "503", "", "2.1", 7),),
        causes_from=START,
        corrections=(TakenOut(START, START + 60, 60, "ana", "moved the database"),),
        trend=(
            Month("2026-09", None, None, None, "it was not observed then"),
            Month("2026-10", Fraction(1, 3), Fraction(2), kept=False),
        ),
    )
    page = Incident(
        7, line.name, "pay", START + 5, START + 905, START + 65, "ben", "burns", 7, Fraction(7, 10), useful=True
    )
    gone = ReleaseLine(
        "pay", "2.1", START, ended=True, seconds=Fraction("90.5"), author="ana", failures=("rolled back",)
    )
    return october(service("pay", line, incidents=[page], releases=[gone], alerts=(1, 2, 1, 1)), service("web"))


def test_totals_are_sums_of_their_parts():
    """Of services: events, alerts, releases, and SLOs that kept their promise."""
    small, large = slo_line("a", 1, 2), slo_line("b", 998_998, 999_998, service="web")
    report = october(service("pay", small, alerts=(1, 0, 1, 1)), service("web", large, alerts=(2, 3, 1, 0)))

    assert (998_999, 1_000_000) == (report.sums.good, report.sums.total)
    assert (3, 3, 2, 1) == (report.alerts.pages, report.alerts.others, report.alerts.judged, report.alerts.useful)
    assert (2, 0) == (report.judged, report.kept)
    assert Fraction(998_999, 1_000_000) == report.scorecard.uptime_ratio.value


def test_uptime_is_of_the_broadest_availability_slo():
    """No event counts twice: of groups, of latency and of narrower SLOs none does again."""
    narrow, broad = slo_line("narrow", 1, 10), slo_line("broad", 90, 100)
    group, slow = slo_line("group", 1, 999, group_of="broad"), slo_line("slow", 1, 999, is_availability=False)
    slices, silent = slo_line("slices", 1, 999, unit="slices"), slo_line("silent", outcome=None)
    of = service("pay", narrow, broad, group, slow, slices, silent)

    assert (90, 100) == (of.sums.good, of.sums.total)


def test_a_page_belongs_to_the_period_it_began_in():
    """One that began before is told of, and counted in the month before."""
    before = Incident(1, "pay", "pay", START - 60, START + 60, None, "", "burns")
    within = Incident(2, "pay", "pay", START, None, START + 30, "ana", "burns")
    of = service("pay", incidents=[before, within])

    assert 2 == len(of.incidents)
    assert (1, 1, 0, 30) == (of.sums.pages, of.sums.answered, of.sums.resolved, of.sums.seconds_to_answer)


def test_a_period_says_whether_it_is_over():
    """Up to its last second it is not, and figures a day are of what lies behind."""
    released = [ReleaseLine("pay", str(n), START, ended=True, seconds=None, author="", failures=()) for n in range(4)]
    young = october(service("pay", releases=released), made=START + 2 * DAY)

    assert (False, 2) == (young.complete, young.scorecard.releases_per_day.value)
    assert (False, True) == (october(made=END - 1).complete, october(made=END).complete)


def test_costs_and_durations_are_put_in_whichever_comes_first():
    """Services without keep null; what is of no service is in the total."""
    costs = Costs({"pay": Decimal("10.10"), "lake": Decimal("0.90")}, "EUR", "costs.csv")
    durations = {"pay": TimeSpent(Fraction(END - START), Fraction(1000)), "web": TimeSpent(Fraction(0), Fraction(0))}
    one = full().with_costs(costs).with_durations(durations)
    other = full().with_durations(durations).with_costs(costs)

    assert replace(one, notes=()) == replace(other, notes=())
    assert (Decimal("11.00"), "EUR") == (one.sums.cost, one.scorecard.currency)
    assert [Decimal("10.10"), None] == [each.sums.cost for each in one.services]
    assert (1, Fraction(END - START, 1000)) == (
        one.scorecard.concurrent_users.value,
        one.scorecard.mean_response_seconds.value,
    )
    assert one.services[1].scorecard.mean_response_seconds.why


def test_what_is_written_is_read_again():
    """Everything of it: the client renders what the collector knows."""
    for report in (full(), full().with_costs(Costs({"pay": Decimal("1.10")}, "EUR", "x")), october()):
        said = json.loads(json.dumps(report_as_json(report)))
        jsonschema.validate(said, SCHEMA, cls=jsonschema.Draft202012Validator)
        read = read_report(said)

        assert said == report_as_json(read)
        assert replace(report, services=(), scorecard=read.scorecard) == replace(read, services=())


@given(number=st.decimals(-(10**6), 10**6, places=6))
@settings(max_examples=50)
def test_numbers_come_back_as_they_were(number):
    """A tenth is a tenth again, and no binary fraction near it."""
    burnt = Fraction(number)
    one = Incident(1, "pay", "pay", START, None, None, "", "burns", 1, burnt)
    read = read_report(json.loads(json.dumps(report_as_json(october(service("pay", incidents=[one]))))))

    assert burnt == read.services[0].incidents[0].burnt


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"period": 3},
        report_as_json(october()) | {"start": "soon"},
        report_as_json(october()) | {"kept": "x"},
    ],
)
def test_what_is_no_report_is_refused_in_a_sentence(said):
    """With the place that is wrong, and no value."""
    with pytest.raises(InvalidReport, match="that is no report: "):
        read_report(said)
