"""A service that dies is seen by a real collector, by the clock on the wall."""

import time

import pytest

GRACE = 60
"""Seconds after its own start for which a collector calls nobody silent."""


def paged(collector):
    """Whom the alerts of missing data are about, how severe they are, and their state."""
    alerts = collector.get("/api/v1/alerts")["alerts"]
    return [(alert["service"], alert["severity"], alert["state"]) for alert in alerts if alert["kind"] == "no_data"]


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_service_that_stops_without_good_bye_is_no_data_within_30_seconds(collector, running, make_histogram):
    """Silence of 30 s after the last export is told at once; one second of ticking and the evaluation come on top."""
    with running(collector):
        began = last = time.time()
        while last < began + GRACE + 5:
            time.sleep(5)
            now = time.time()
            assert 200 == collector.post("metrics", make_histogram("shop", {200: 5}, last, now, up=1)).status_code
            last = now
        assert "no_data" != collector.get("/api/v1/slos/shop-availability")["state"]

        while collector.get("/api/v1/slos/shop-availability")["state"] != "no_data":
            assert time.time() < last + 40
            time.sleep(0.1)
        told = time.time() - last

        while paged(collector) != [("shop", "page", "firing")]:
            assert time.time() < last + 40
            time.sleep(0.1)

    assert 30 <= told <= 33
