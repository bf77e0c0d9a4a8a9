"""What a page says, from the request that failed to the receiver's socket."""

from __future__ import annotations

import re
import time

import httpx
import pytest

from fournines.examples.fintech_edge.inbox import Inbox
from fournines.service import ServiceError, run
from fournines.settings import Settings

NAME = "shop-availability"


def eventually(ask, seconds=20):
    """What `ask` answers once it answers anything."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def test_a_page_says_what_fails_what_changed_and_shows_a_trace(collector, running, make_spans):
    """Of a real collector that was told of a deployment: its causes and example are those of the API, its links lead there; a
    template of the user's says the rest.
    """
    folder = collector.data.parent
    (folder / "words").mkdir()
    (folder / "words" / "summary.txt.j2").write_text("{{ service }}: {{ rate or 'over' }}")
    (folder / "fournines.yaml").write_text("templates: ./words")
    with Inbox() as inbox:
        collector.arguments += ["--webhook", inbox.url, "--config", str(folder / "fournines.yaml")]
        with running(collector):
            said = {"service": "shop", "version": "1.4.2", "at": time.time() - 90, "author": "ann", "status": "started"}
            httpx.post(f"{collector.url}/api/v1/deployments", json=said, trust_env=False).raise_for_status()
            collector.post("traces", make_spans("shop", [200] * 50 + [500] * 2))
            eventually(lambda: collector.get("/api/v1/traces?service=shop&state=failed")["traces"])
            collector.post("traces", make_spans("shop", [500] * 46 + [503]))
            page = eventually(lambda: inbox.first(NAME))
            told = inbox.bodies[0]["body"]["alerts"][0]["annotations"]
            blamed = collector.get(f"/api/v1/slos/{NAME}/contributors")["cause"]
            trace = httpx.get(told["trace_url"], trust_env=False).raise_for_status().json()

    assert [("500", 48), ("503", 1)] == [(each["status"], each["bad"]) for each in blamed]
    assert "/things/{thing}, status 500 (97 %, 48); /things/{thing}, status 503 (2 %, 1); " in told["description"]
    assert re.search(
        r"What changed: version 1\.4\.2 by ann, began to go out 1m \d+s before it fired", told["description"]
    )
    assert ("failed", "shop") == (trace["state"], trace["service"])
    assert page.summary.startswith("shop: ")


def test_a_template_that_cannot_be_used_ends_the_start(tmp_path):
    """Before anything is opened: file, line, and what would do."""
    (tmp_path / "summary.txt.j2").write_text("{{ slo }}\n{% if burns %}{% endif %}\n")
    with pytest.raises(
        ServiceError, match=r"summary\.txt\.j2:2: nothing is called 'burns' here; there are acknowledged, "
    ):
        run(Settings(data=tmp_path / "data", templates=tmp_path))

    assert not (tmp_path / "data").exists()
