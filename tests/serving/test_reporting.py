"""Reports of a running collector: what its ledger holds, against what was sent."""

from __future__ import annotations

import asyncio
import sqlite3
from fractions import Fraction

import httpx
import pytest

from fournines.alerts import Alert, EndedAlert, OpenAlerts, StoreError
from fournines.alerts.acknowledgement import Acknowledgement
from fournines.alerts.alert import AlertKey, AlertKind
from fournines.alerts.alert_verdict import AlertVerdict
from fournines.alerts.state import Firing
from fournines.api import create_app
from fournines.collector.columns import Signal
from fournines.collector.records.deployments import Deployment
from fournines.serving import Counts, Evaluations
from fournines.serving.correcting import Correcting
from fournines.serving.happenings import Happenings
from fournines.serving.release import Release
from fournines.serving.reporting import Reporting
from fournines.serving.routes.report import ReportRoutes
from fournines.slo import DAY, CalendarWindow, Correction, EventCount, InvalidValue, evaluate
from fournines.slo.report import Period, read_report

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
SEPTEMBER = Period.parse("2026-09")


class Quiet:
    """Knows of the releases and the alerts given; those with an end are over."""

    def __init__(self, *known, told=()):
        self.known, self.told = known, told

    def ended(self, since, until, slo, service, limit, before=None):
        return [] if before else [each for each in self.told if isinstance(each, EndedAlert)]

    def alerts(self):
        return OpenAlerts({each.key: each for each in self.told if isinstance(each, Alert)})

    def releases(self, service, within):
        return [each for each in self.known if service in ("", each.deployment.service)]


@pytest.fixture
def known(opened, slo, make_histogram):
    """A collector that counted a shop yesterday, when a tenth failed, and a minute ago."""
    collector = opened(
        slo("shop-pay"),
        slo("still", service="nobody"),
        slo("shop-month", window=CalendarWindow(1, "M", zone="Asia/Kolkata")),
    )
    for end, counts in ((NOW - DAY, {200: 90, 500: 10}), (NOW - 60, {200: 100})):
        collector.accept(Signal.METRICS, make_histogram("shop", counts, end - 5, end), end).result()
    collector.tick(NOW)
    return collector


@pytest.fixture
def make_reporting(known):
    """Whoever reports of it."""
    clock, counts = [NOW], Counts(known, None)
    evaluations = Evaluations(known, counts, lambda: clock[0])

    def make(now=NOW, *releases, told=()):
        clock[0], quiet = now, Quiet(*releases, told=told)
        return Reporting(known, counts, evaluations, Happenings(quiet, quiet, quiet), lambda: now)

    return make


def ask(app, path):
    """Asks the application, without a socket."""

    async def asked():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://collector") as client:
            return await client.get(path)

    return asyncio.run(asked())


def of(report, name):
    """The line of one SLO."""
    return next(slo for service in report.services for slo in service.slos if slo.name == name)


def test_a_month_is_what_was_sent(make_reporting):
    """The result, its budget and its causes, of what was counted; who was never heard has no result, and no zero."""
    report = make_reporting().report(SEPTEMBER, "UTC")
    shop = of(report, "shop-pay")

    assert (190, 200) == (shop.outcome.good, shop.outcome.total)
    assert (Fraction(200, 10_000), 10, False) == (shop.outcome.allowed, shop.outcome.spent, shop.outcome.kept)
    assert [("/things/{thing}", "500", 10)] == [(each.route, each.status, each.bad) for each in shop.causes]
    assert (None, "it was not observed then") == (of(report, "still").outcome, of(report, "still").unknown)
    assert (False, "2026-09", "nobody", "shop") == (
        report.complete,
        report.period,
        *(each.name for each in report.services),
    )


def test_an_slo_born_in_the_middle_says_how_long_it_was_observed(make_reporting):
    """And its month is of that time: nothing is made up before."""
    shop = of(make_reporting().report(SEPTEMBER, "UTC"), "shop-pay")
    assert DAY <= shop.observed_seconds < DAY + 120
    assert [None] * 11 + [False] == [month.kept for month in shop.trend]
    assert "it was not observed then" == shop.trend[0].unknown


def test_one_that_went_stays_with_what_it_counted(make_reporting, known):
    """Months later it still says when its service was heard last."""
    later = NOW + 20 * DAY
    known.tick(later)
    shop = of(make_reporting(later).report(SEPTEMBER, "UTC"), "shop-pay")

    assert (190, 200) == (shop.outcome.good, shop.outcome.total)
    assert int(NOW - 60) == shop.heard


def test_corrected_time_is_out_of_result_budget_and_causes(make_reporting, known):
    """And stands in the report with its author; taken back it counts again."""
    start = int(NOW - DAY) // 60 * 60 - 60
    keeper = Correcting(known, lambda: NOW)
    kept = keeper.add("shop-pay", "", Correction(start, 180, "moved the database", "ana"))
    shop = of(make_reporting().report(SEPTEMBER, "UTC"), "shop-pay")

    assert (100, 100, ()) == (shop.outcome.good, shop.outcome.total, shop.causes)
    assert [(start, start + 180, 180, "ana", "moved the database")] == [
        (each.start, each.end, each.seconds, each.author, each.reason) for each in shop.corrections
    ]
    keeper.end(kept.id, "ana", "it was not that")
    assert 200 == of(make_reporting().report(SEPTEMBER, "UTC"), "shop-pay").outcome.total


def test_a_month_is_what_the_page_says_of_an_slo_with_a_calendar(make_reporting, known):
    """One count feeds both, by the SLO's own clocks, with corrected time or without."""
    keeper = Correcting(known, lambda: NOW)
    for correction in (None, Correction(int(NOW - DAY) // 60 * 60 - 60, 180, "moved", "ana")):
        if correction is not None:
            keeper.add("", "shop", correction)
        told = of(make_reporting().report(SEPTEMBER, "UTC"), "shop-month")
        shown = evaluate(known.slos, known, NOW).named("shop-month")

        assert shown.events == EventCount(told.outcome.good, told.outcome.total)
        assert "Asia/Kolkata" == told.zone


def alert(number, began, *, kind=AlertKind.PAGE, told=True, **more):
    """One about the shop."""
    key = AlertKey(kind, f"shop-{number}")
    return Alert(key, "shop-pay", "shop", {}, "why", "what", Firing(began), told=told, number=number, **more)


def test_pages_say_what_they_burnt_and_alerts_how_many_were_worth_it(make_reporting):
    """Of whom anybody was told; a page that began in the month before counts in that month, and burnt in both."""
    taken, yes = Acknowledgement("ben", NOW - DAY + 40, NOW), AlertVerdict(True, "ana", NOW)
    start = SEPTEMBER.interval("UTC").start
    told = (
        EndedAlert(alert(1, start - 500), NOW - DAY - 100, None, AlertVerdict(False, "ana", NOW)),
        EndedAlert(alert(2, NOW - DAY - 20), NOW - DAY + 600, taken, yes),
        EndedAlert(alert(3, NOW - DAY, kind=AlertKind.TICKET), NOW - 50),
        EndedAlert(alert(4, NOW - DAY, told=False), NOW - 50),
        alert(5, NOW - 100, acknowledged=Acknowledgement("cy", NOW - 90, NOW)),
    )
    shop = make_reporting(told=told).report(SEPTEMBER, "UTC").services[1]
    lines = [(each.number, each.bad, each.by, each.useful) for each in shop.incidents]

    assert [(1, 0, "", False), (2, 10, "ben", True), (5, 0, "cy", None)] == lines
    assert 500 == shop.incidents[1].burnt
    assert (2, 1, 1, 1) == (shop.alerts.pages, shop.alerts.others, shop.alerts.judged, shop.alerts.useful)
    assert (2, 2, 60 + 10) == (shop.sums.pages, shop.sums.answered, shop.sums.seconds_to_answer)


def test_services_that_only_released_are_there_too(make_reporting):
    """A deployment is told of without any SLO; one service alone may be asked for."""
    release = Release(Deployment("other", "2", NOW - 100, NOW - 10, id=1))
    report = make_reporting(NOW, release).report(SEPTEMBER, "UTC")

    assert ["nobody", "other", "shop"] == [each.name for each in report.services]
    assert (1, 90) == (report.sums.releases.ended, report.scorecard.deployment_seconds.value)
    assert ["shop"] == [each.name for each in make_reporting(NOW, release).report(SEPTEMBER, "UTC", "shop").services]


def test_months_begin_by_the_zone_that_is_asked_for(make_reporting):
    """Unless an SLO has one of its own; what is no zone is refused."""
    shop = of(make_reporting().report(SEPTEMBER, "Asia/Kolkata"), "shop-pay")
    assert ("Asia/Kolkata", SEPTEMBER.interval("Asia/Kolkata")) == (shop.zone, (shop.start, shop.end))
    with pytest.raises(InvalidValue, match="no time zone"):
        make_reporting().report(SEPTEMBER, "Mars/Olympus")


def test_the_api_and_the_page_say_the_same(make_reporting):
    """The last month that is over unless another is asked for; nonsense is refused in words."""
    app = create_app([ReportRoutes(make_reporting(), lambda: NOW)], None)
    told = read_report(ask(app, "/api/v1/report?period=2026-09").json())
    page = ask(app, "/report?period=2026-09&service=shop")

    assert make_reporting().report(SEPTEMBER, "UTC").services == told.services
    assert "2026-08" == ask(app, "/api/v1/report").json()["period"]
    assert '<td class="n">95 %</td>' in page.text
    assert "<h1>SLO report, September 2026</h1>" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    wrong = ("period=2026-13", "zone=Mars/Olympus", "period=%3Cb%3E", "period=" + "9" * 30)
    assert [422] * 4 == [ask(app, f"/api/v1/report?{each}").status_code for each in wrong]


@pytest.mark.parametrize("error", [StoreError("locked"), sqlite3.OperationalError("locked")])
def test_a_ledger_that_can_not_be_read_is_said(error):
    """And when to ask again."""

    class Broken:
        def report(self, period, zone, service):
            raise error

    answer = ask(create_app([ReportRoutes(Broken(), lambda: NOW)], None), "/api/v1/report")
    assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])
    assert "the ledger can't be read: locked" == answer.json()["detail"]
