"""What became of releases, by the formulas of docs/deployments.md."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts.past_pages import PastPage, past_pages
from fournines.alerts.schema import connect
from fournines.collector.records.deployments import FAILS_WITHIN, Deployment
from fournines.serving.release import Burnt, Release, figures, releases
from fournines.slo import DAY

NOW = 1_790_000_000.0


def deployed(number, began, took=10.0, service="pay", **more):
    """A deployment that began so many seconds after the test."""
    return Deployment(
        service, str(number), NOW + began, None if took is None else NOW + began + took, id=number, **more
    )


def paged(since, until=None, service="pay"):
    """A page that began, and was over, so many seconds after the test."""
    return PastPage(service, f"{service}-slo", NOW + since, None if until is None else NOW + until)


def failed(*found):
    """The versions that failed."""
    return [each.deployment.version for each in found if each.failures]


def test_a_page_is_the_failure_of_the_deployment_that_began_last_before_it():
    """While it is under way, or within an hour after; of its own service alone, and of one deployment."""
    known = [deployed(1, 0), deployed(2, 100), deployed(3, 100, service="other"), deployed(4, 90_000, took=None)]
    pages = [paged(105), paged(110 + FAILS_WITHIN - 1), paged(110 + FAILS_WITHIN), paged(-5), paged(900_000)]
    found = releases(known, pages, {})

    assert failed(*found) == ["2", "4"]
    assert [len(each.pages) for each in found] == [0, 2, 0, 1]


@pytest.mark.parametrize(
    ("deployment", "pages", "since", "until"),
    [
        (deployed(1, 0), (paged(20, 80), paged(30, 50)), 20, 80),
        (deployed(1, 0), (paged(20, 80), paged(30)), 20, None),
        (deployed(1, 0, rolled_back=NOW + 60), (paged(20, 80),), 20, 60),
        (deployed(1, 0, failed_gate=NOW + 5), (paged(20, 80),), 5, 80),
        (deployed(1, 0, failed_gate=NOW + 5), (), 5, None),
        (deployed(1, 0, failed_gate=NOW + 5, rolled_back=NOW + 7), (), 5, 7),
        (deployed(1, 0, rolled_back=NOW + 60), (), 60, 60),
        (deployed(1, 0), (), None, None),
    ],
)
def test_it_lasts_from_the_first_sign_until_all_is_good_again(deployment, pages, since, until):
    """Pages and the gate begin a failure; a roll-back ends it or, without one, the end of the last page."""
    release = Release(deployment, pages)
    restored = None if since is None or until is None else until - since

    assert release.failed_at == (None if since is None else NOW + since)
    assert release.seconds_to_restore == restored
    assert bool(release.failures) == (since is not None)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 500)), max_size=12), st.integers(1, 90))
def test_figures_are_exact_counts(drawn, days):
    """Those that ended are counted, those of them that were rolled back have failed, and lengths are medians."""
    known = [
        deployed(
            number,
            1_000 * number,
            took if over else None,
            rolled_back=NOW + 1_000 * number + 600 if bad and over else None,
        )
        for number, (over, bad, took) in enumerate(drawn, start=1)
    ]
    said = figures(releases(known, [], {}), days * DAY)
    ended = sorted(took for over, _, took in drawn if over)
    bad = sum(over and bad for over, bad, _ in drawn)

    assert (said["deployments"], said["failed"]) == (len(ended), bad)
    assert said["per_day"] == len(ended) / days
    assert said["change_failure_rate"] == (bad / len(ended) if ended else None)
    middle = (ended[(len(ended) - 1) // 2] + ended[len(ended) // 2]) / 2 if ended else None
    assert said["seconds_to_deploy"] == middle


def test_what_it_burnt_is_a_share_of_what_is_allowed():
    """Exactly; a budget that allows nothing yet has no shares."""
    burnt = (Burnt("pay-slo", 3, 100, Fraction(12)), Burnt("new-slo", 1, 1, Fraction(0)))
    said = Release(deployed(1, 0), (), burnt).as_json()

    assert [(each["slo"], each["bad"], each["total"], each["share"]) for each in said["budget_burnt"]] == [
        ("pay-slo", 3, 100, 0.25),
        ("new-slo", 1, 1, None),
    ]


def test_pages_that_were_are_read_as_they_were_written(tmp_path):
    """Of one service or of all, within a time; tickets and the silence of services are no pages of a release."""
    connection = connect(tmp_path / "ledger.db")
    rows = [("page", "pay", 5, 9), ("page", "pay", 7, None), ("ticket", "pay", 6, None), ("no_data", "pay", 6, None),
            ("page", "other", 6, None), ("page", "pay", 20, 21)]  # fmt: skip
    for number, (kind, service, since, resolved) in enumerate(rows):
        connection.execute(
            "INSERT INTO alert (number, kind, name, slo, service, labels, reason, summary, since, told)"
            " VALUES (?, ?, ?, ?, ?, '{}', '', '', 0, 1)",
            (number, kind, f"{service}-{number}", f"{service}-slo", service),
        )
        ended = None if resolved is None else NOW + resolved
        connection.execute("INSERT INTO alert_opening VALUES (?, ?, ?)", (number, NOW + since, ended))
    of_one, of_all = (past_pages(connection, service, NOW + 5, NOW + 20) for service in ("pay", ""))
    connection.close()

    assert of_one == [paged(5, 9), paged(7)]
    assert of_all == [paged(5, 9), paged(6, service="other"), paged(7)]
