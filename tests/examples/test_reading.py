"""Laws of what is read from the collector's API."""

import asyncio

import httpx
import pytest

from fournines.examples.fintech_edge.reading import CollectorReader, Reading

ANSWER = {
    "name": "payments-availability",
    "service": "payments",
    "objective": "0.9999",
    "window": "30d",
    "method": "Occurrences",
    "state": "burning",
    "since": "2026-11-22T03:12:40Z",
    "reason": "1h and 5m burn above 14.4",
    "data_age_seconds": 3.1,
    "coverage": 1.0,
    "events": {"good": 119880, "total": 120000, "estimated_bad": 0},
    "budget": {
        "allowed_events": 12.0,
        "spent_events": 120,
        "remaining_ratio": -9.0,
        "remaining_events": -108.0,
        "remaining_seconds": -2332.8,
        "exhausted_in_seconds": 0,
    },
    "burn_rates": {"5m": 21.0, "1h": 15.2, "30d": None},
    "alerts": [{"severity": "page", "state": "firing", "since": "2026-11-22T03:12:45Z"}],
}


def test_an_slo_is_read_as_the_api_gives_it():
    """Counts stay integers, what is null stays None, and a firing page is seen."""
    reading = Reading.from_api(ANSWER)

    assert (119880, 120, 120000) == (reading.good, reading.bad, reading.total)
    assert 10.0 == reading.spent_ratio
    assert reading.burn_rates["30d"] is None
    assert reading.paging
    assert ANSWER == reading.raw


def test_without_traffic_nothing_is_spent_or_left():
    """A budget the API can't state is None, not zero."""
    budget = dict.fromkeys(ANSWER["budget"])

    assert Reading.from_api({**ANSWER, "budget": budget}).spent_ratio is None


@pytest.mark.parametrize(
    "alert", [{"severity": "ticket", "state": "firing"}, {"severity": "page", "state": "resolved"}]
)
def test_only_a_firing_page_is_paging(alert):
    """Tickets and resolved pages page nobody."""
    assert not Reading.from_api({**ANSWER, "alerts": [alert]}).paging


def asked(handler):
    """What `all` and `one` give of a collector made of `handler`."""

    async def ask():
        collector = CollectorReader("http://collector", httpx.MockTransport(handler))
        try:
            return await collector.all(), await collector.one("payments-availability")
        finally:
            await collector.close()

    return asyncio.run(ask())


def test_all_and_one_read_the_same():
    """The list is keyed by name and holds what asking for one gives."""

    def handler(request):
        return httpx.Response(200, json={"slos": [ANSWER]} if request.url.path == "/api/v1/slos" else ANSWER)

    every, one = asked(handler)

    assert {"payments-availability": one} == every


def test_an_error_of_the_collector_is_raised():
    """A status that is no success is an httpx.HTTPError, never an empty answer."""
    with pytest.raises(httpx.HTTPError):
        asked(lambda _request: httpx.Response(503, json={}))
