"""Whether the process lives, and whether it takes data in."""

import pytest


@pytest.mark.parametrize(("reason", "status"), [("", 200), ("the disk is full", 503)])
def test_readiness_says_why_not(ask, sources, reason, status):
    """A balancer gets the status, a person the reason; who only looks gets no body."""
    sources.reason = reason

    assert (status, {"status": reason or "ok"}) == (ask("/readyz").status_code, ask("/readyz").json())
    assert (status, b"") == (ask("/readyz", "HEAD").status_code, ask("/readyz", "HEAD").content)


def test_a_process_that_takes_nothing_in_lives_all_the_same(ask, sources):
    """Nobody restarts a collector for a full disk."""
    sources.reason = "the disk is full"

    assert [200, 200] == [ask("/healthz", method).status_code for method in ("GET", "HEAD")]
