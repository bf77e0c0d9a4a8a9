"""Laws of the place where pages arrive."""

import httpx
import pytest

from fournines.examples.fintech_edge.inbox import Inbox, Paged, read_pages


def body(slo, status="firing", severity="page"):
    """A body of Alertmanager's webhook, version 4."""
    alert = {
        "status": status,
        "labels": {"alertname": "burn", "slo": slo, "severity": severity},
        "annotations": {"summary": f"{slo} burns"},
    }
    return {"version": "4", "status": status, "receiver": "demo", "alerts": [alert]}


def post(url, **kwargs):
    """Posts to the inbox as a sender would."""
    with httpx.Client(trust_env=False) as http:
        return http.post(url, **kwargs).status_code


def test_each_alert_of_a_body_is_a_page():
    """Every alert becomes one page with its own status and the body's moment."""
    two = {"alerts": body("a")["alerts"] + body("b", "resolved")["alerts"]}

    expected = [Paged("a", "page", "firing", 3.0, "a burns"), Paged("b", "page", "resolved", 3.0, "b burns")]
    assert expected == read_pages(two, 3.0)


def test_what_is_posted_is_kept_with_its_moment():
    """A body that arrives is answered 200 and is there at once, stamped by the inbox's clock."""
    with Inbox(clock=lambda: 42.0) as inbox:
        assert 200 == post(inbox.url, json=body("payments-availability"))

        assert [42.0] == [page.at for page in inbox.pages]
        assert [{"at": 42.0, "body": body("payments-availability")}] == inbox.bodies


def test_the_first_of_a_kind_is_found():
    """`first` tells apart SLO, status and severity, and gives the earliest."""
    moments = iter([1.0, 2.0, 3.0])
    with Inbox(clock=lambda: next(moments)) as inbox:
        post(inbox.url, json=body("a", severity="ticket"))
        post(inbox.url, json=body("a"))
        post(inbox.url, json=body("a"))

    assert 2.0 == inbox.first("a").at
    assert inbox.first("a", "resolved") is None
    assert inbox.first("b") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"alerts": [{}]}', b'{"alerts": 3}'])
def test_a_body_that_is_no_alert_is_refused(content):
    """Anything else is answered 400, kept out, and the inbox lives on."""
    with Inbox() as inbox:
        assert 400 == post(inbox.url, content=content)
        assert 200 == post(inbox.url, json=body("a"))

        assert 1 == len(inbox.pages) == len(inbox.bodies)
