"""What was done by hand."""

import pytest

from fournines.collector.records.audit import AuditEntry


def test_the_log_is_told_as_it_was_written(ask, sources):
    """Who, what, to what, when and why."""
    sources.log = [AuditEntry(0.0, "ana", "correction.add", "SLO pay", "patches", {"id": 7}, 3)]
    expected = {
        "id": 3,
        "at": "1970-01-01T00:00:00Z",
        "author": "ana",
        "action": "correction.add",
        "subject": "SLO pay",
        "reason": "patches",
        "detail": {"id": 7},
    }

    assert {"audit": [expected], "next": None} == ask("/api/v1/audit?limit=5&before=4").json()
    assert [(6, 4)] == sources.asked


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "before=0", "before=x"])
def test_what_is_no_page_of_it_is_refused(ask, query):
    """A limit from 1 to 1,000, and a number."""
    assert 422 == ask(f"/api/v1/audit?{query}").status_code
