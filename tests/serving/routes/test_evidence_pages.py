"""The pages behind the first screen: what is there is shown as text, what is not there is said."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from fournines.alerts import EndedAlert
from fournines.api import create_app
from fournines.serving.routes import EvidencePages
from fournines.serving.routes.deployments import FakeDeploymentKeeper
from fournines.slo import State
from tests.browser.conftest import TRACE, Bank, set_alight
from tests.dashboards.conftest import NOW

HOSTILE = "<script>alert(1)</script>"


class HostileBank(Bank):
    """Whose senders say what they like."""

    def get(self, trace_id):
        found = super().get(trace_id)
        return found and json.loads(json.dumps(found).replace("POST /payments", HOSTILE).replace("no answer", HOSTILE))

    def find(self, *asked, **more):
        return json.loads(json.dumps(super().find(NOW, None, None, None, 1)).replace("payments", HOSTILE))

    def found(self, number):
        """One alert that is over."""
        opened = next(iter(self.alerts()))
        return EndedAlert(opened.alert, NOW) if number == 9 else None


@pytest.fixture
def ask():
    """Asks the pages of a bank that burns."""
    bank = HostileBank()
    set_alight(bank)
    pages = EvidencePages(bank, bank, FakeDeploymentKeeper(), bank, bank, bank, bank, bank, lambda: NOW)
    transport = httpx.ASGITransport(create_app([pages], None))

    async def get(path):
        async with httpx.AsyncClient(transport=transport, base_url="http://pages") as client:
            return await client.get(path)

    return lambda path: asyncio.run(get(path))


@pytest.mark.parametrize(
    "path", ["/traces", f"/traces/{TRACE}", "/deployments", "/alerts", "/alerts/9", "/silences", "/map"]
)
def test_what_others_said_stays_text_under_the_strict_policy(ask, path):
    """Names of routes, exceptions and log lines are nobody's markup."""
    answer = ask(path)

    assert 200 == answer.status_code
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert HOSTILE not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"/traces/{'0' * 32}", 404, "No trace is called"),
        ("/traces/short", 422, ""),
        ("/alerts/77", 404, "No alert is called 77"),
        ("/alerts/none", 422, ""),
        ("/alerts?days=0", 422, ""),
    ],
)
def test_what_is_not_there_is_said(ask, path, status, words):
    """With a way back."""
    answer = ask(path)

    assert status == answer.status_code
    assert words in answer.text


def test_a_trace_is_a_waterfall_with_what_was_logged_meanwhile(ask):
    """Each span under the one that made it, with how long it took; failures are words, not colour alone."""
    text = ask(f"/traces/{TRACE}").text

    assert ["depth-0", "depth-1", "depth-2"] == [f"depth-{n}" for n in range(3) if f'class="depth-{n}"' in text]
    assert "2,040 ms" in text
    assert "gateway, server, failed" in text
    assert "timed out after 2 s" in text
    assert "ERROR" in text


def test_the_map_marks_what_burns_in_words_too(ask):
    """An edge to a service that burns is told in the table as well; one to a healthy one is not."""
    text = ask("/map").text

    assert "payments, burning" in text
    assert "users, burning" not in text
    assert "gateway calls payments, which burns" in text
    assert State.BURNING.value in text
