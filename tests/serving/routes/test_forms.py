"""Forms by which alerts are answered, and from whom they are taken."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace

import httpx
import pytest

from fournines.alerts import Alert, AlertKey, AlertKind, Firing
from fournines.alerts.note import Note
from fournines.api import create_app
from fournines.collector.records.gate_overrides import GateOverride
from fournines.collector.registry.catalogue import Catalogue
from fournines.serving.routes import (
    AnsweringRoutes,
    CorrectionRoutes,
    FormGuard,
    GateRoutes,
    OnCallRoutes,
    SilenceRoutes,
)

KEY = AlertKey(AlertKind.PAGE, "team/a b")
PATH = "/on-call/team%2Fa%20b"
HERE = {"Origin": "http://pages"}


@dataclass
class Browser:
    """Keeps cookies, and follows nothing by itself."""

    transport: httpx.ASGITransport
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def get(self, path):
        return self._asked("GET", path)

    def post(self, path, **options):
        return self._asked("POST", path, **options)

    def _asked(self, method, path, **options):
        async def ask():
            async with httpx.AsyncClient(
                transport=self.transport, base_url="http://pages", cookies=self.cookies
            ) as client:
                return await client.request(method, path, **options)

        answer = asyncio.run(ask())
        self.cookies.extract_cookies(answer)
        return answer


@pytest.fixture
def page(sources, silences, answers, gate, slo, now):
    """A browser on the page of an SLO with one open page; what it keeps between questions it keeps."""
    alert = Alert(KEY, "team/a b", "shop", {"severity": "page"}, "it burns", "it burns 20x", Firing(now - 60), number=7)
    answers.open[KEY] = replace(alert, notes=(Note(now, "ben", "<b>looks</b> bad"),))
    sources.catalogue = Catalogue(1, sources.told.slos, {}, frozenset())
    answering, silencing = (
        AnsweringRoutes(answers, answers, answers, lambda: now),
        SilenceRoutes(sources, silences, silences, lambda: now),
    )
    corrections, gates = CorrectionRoutes(sources, sources), GateRoutes(gate)
    guard = FormGuard("slo.example")
    forms = OnCallRoutes(sources, answering, silencing, corrections, gates, silences, guard, lambda: now)
    app = create_app([forms], None)
    return Browser(httpx.ASGITransport(app))


def token(page):
    """What the forms of the page hold."""
    return re.search(r'name="token" value="(\w+)"', page.get(PATH).text)[1]


def sent(page, headers=HERE, **fields):
    """Sends a form of the page."""
    return page.post(PATH, data={"token": token(page), "author": "ann", **fields}, headers=headers)


def test_every_form_does_what_its_button_says(page, answers, silences):
    """And shows the page anew, on which the next can see it."""
    name = {"alert": "slo/team/a b/page"}
    done = [
        sent(page, do="acknowledge", duration="2h", note="on it", **name),
        sent(page, do="note", text="the new version", **name),
        sent(page, do="silence", whom="slo", duration="1h", reason="deploying", severity=""),
        sent(page, do="silence", whom="service", duration="1h", reason="moving", severity="ticket"),
    ]
    text = page.get(PATH).text

    assert [(303, PATH)] * 4 == [(answer.status_code, answer.headers["Location"]) for answer in done]
    assert ("ann", "on it") == (answers.open[KEY].acknowledged.by, answers.open[KEY].acknowledged.note)
    assert "acknowledged by ann until 21 Sep 16:13 UTC" in text
    assert "ann: the new version" in text
    assert "Silenced by ann until 21 Sep 15:13 UTC (slo=team/a b): deploying" in text
    assert "Silenced by ann until 21 Sep 15:13 UTC (service=shop, severity=ticket): moving" in text
    assert [{"slo": "team/a b"}, {"service": "shop", "severity": "ticket"}] == [
        dict(each.matchers.patterns) for each in silences.known(0)
    ]
    assert 'name="author" value="ann"' in text
    assert [303, 303] == [
        sent(page, do="unacknowledge", **name).status_code,
        sent(page, do="unsilence", number="1", reason="done").status_code,
    ]
    assert answers.open[KEY].acknowledged is None
    assert [2] == [each.number for each in silences.known(0)]


def test_time_is_taken_out_and_a_version_let_pass_by_form(page, sources, gate, now):
    """With the name of who wanted it; the page says that it was done."""
    gate.overridden = GateOverride("shop", "2.0", "ann", "the fix", now, now + 3_600)
    taken = sent(page, do="correct", whom="service", start="2026-09-21T03:00", end="2026-09-21T04:30", reason="moved")
    passed = sent(page, do="override", version="2.0", reason="the fix")

    assert [(303, f"{PATH}?done=correct"), (303, f"{PATH}?done=override")] == [
        (answer.status_code, answer.headers["Location"]) for answer in (taken, passed)
    ]
    kept = sources.catalogue.corrections[0]
    assert ("", "shop", 5_400, "ann", "moved") == (
        kept.slo,
        kept.service,
        kept.correction.seconds,
        kept.correction.author,
        kept.correction.reason,
    )
    assert ("shop", "2.0", "ann", "the fix") == gate.asked[-1]
    assert "That version passes the gate now." in page.get(f"{PATH}?done=override").text
    assert "anything" not in page.get(f"{PATH}?done=anything").text


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"do": "acknowledge", "alert": "slo/calm/page", "duration": "1h"}, 404, "is open"),
        ({"do": "acknowledge", "alert": "slo/team/a b/page"}, 422, "`until` and `duration`"),
        ({"do": "note", "alert": "slo/team/a b/page", "text": ""}, 422, "required"),
        ({"do": "note", "alert": "slo/team/a b/page", "text": "x", "author": ""}, 422, "author"),
        ({"do": "silence", "duration": "90d", "reason": "x"}, 422, "35 days"),
        ({"do": "unsilence", "number": "1e3", "reason": "x"}, 422, "no silence"),
        ({"do": "unsilence", "number": "9", "reason": "x"}, 404, "no silence 9"),
        ({"do": "correct", "start": "2026-09-21T03:00", "end": "", "reason": "x"}, 422, "end"),
        ({"do": "correct", "start": "2026-09-21T04:00", "end": "2026-09-21T03:00", "reason": "x"}, 422, ""),
        ({"do": "override", "version": "", "reason": "x"}, 422, "version"),
        ({"do": "override", "version": "2.0", "reason": "x"}, 409, "let pass already"),
        ({"do": "everything"}, 422, "nothing that can be done"),
        ({}, 422, "nothing that can be done"),
    ],
)
def test_what_can_not_be_done_is_said_on_the_page(page, answers, silences, fields, status, words):
    """Above the forms, and nothing is changed."""
    before = dict(answers.open)
    answer = sent(page, **fields)

    assert status == answer.status_code
    assert "Nothing was changed" in answer.text
    assert words in answer.text
    assert (before, []) == (answers.open, list(silences.known(5)))


@pytest.mark.parametrize(
    ("headers", "change", "taken"),
    [
        (HERE, {}, True),
        ({"Origin": "https://slo.example"}, {}, True),
        ({}, {}, True),
        ({"Sec-Fetch-Site": "same-origin"}, {}, True),
        ({"Origin": "https://evil.example"}, {}, False),
        ({"Origin": "http://pages.evil.example"}, {}, False),
        ({"Origin": "null"}, {}, False),
        ({"Origin": ""}, {}, False),
        ({"Origin": "http://["}, {}, False),
        ({"Origin": "https://slo.example", "Host": "127.0.0.1:8400"}, {}, True),
        ({"Origin": "https://other.example", "Host": "127.0.0.1:8400"}, {}, False),
        ({"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}, {}, False),
        ({"Origin": "http://127.0.0.1:8400", "Host": "127.0.0.1:8400"}, {}, True),
        ({"Origin": "http://[::1]:8400", "Host": "[::1]:8400"}, {}, True),
        ({"Origin": "http://localhost:8400", "Host": "localhost:8400"}, {}, True),
        ({"Origin": "http://fournines.localhost", "Host": "fournines.localhost"}, {}, True),
        ({"Origin": "https://slo.example", "Host": "slo.example"}, {}, True),
        ({"Origin": "http://evil.example:8400", "Host": "evil.example:8400"}, {}, False),
        ({"Sec-Fetch-Site": "same-origin", "Host": "evil.example:8400"}, {}, False),
        ({"Host": "evil.example"}, {}, False),
        ({"Host": "127.0.0.1.evil.example"}, {}, False),
        ({"Host": "localhost.evil.example"}, {}, False),
        ({"Host": "["}, {}, False),
        ({"Host": ""}, {}, False),
        ({"Sec-Fetch-Site": "cross-site"}, {}, False),
        ({"Sec-Fetch-Site": "same-site"}, {}, False),
        (HERE, {"token": "0" * 64}, False),
        (HERE, {"token": ""}, False),
        (HERE, {"token": "ü"}, False),
    ],
)
def test_a_form_is_taken_from_our_own_page_alone(page, answers, headers, change, taken):
    """Whoever lures somebody on call to another site can't have their alerts acknowledged."""
    answer = sent(page, headers, do="note", alert="slo/team/a b/page", text="x", **change)

    assert (303 if taken else 403) == answer.status_code
    assert taken is (len(answers.open[KEY].notes) == 2)


def test_a_token_is_of_its_cookie(page, answers):
    """Somebody else's, or one from before a restart, is none."""
    old = token(page)
    page.cookies.clear()
    answer = page.post(PATH, data={"token": old, "author": "ann", "do": "note"}, headers=HERE)

    assert 403 == answer.status_code
    assert FormGuard().token("x") != FormGuard().token("x")


def test_the_page_can_be_typed_into_and_trusts_nobody(page):
    """It does not refresh itself, says where forms may go, and shows what people wrote as they wrote it."""
    answer = page.get(PATH)
    cookie = answer.headers["set-cookie"].lower()

    assert "live.js" not in answer.text
    assert "http-equiv" not in answer.text
    assert "&lt;b&gt;looks&lt;/b&gt; bad" in answer.text
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "same-origin" == answer.headers["referrer-policy"]
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize("body", [b"\xff=\xff", b"&".join(b"a=b" for _ in range(99)), b"", b"=" * 999])
def test_what_is_no_form_does_nothing(page, body):
    """Whatever is sent."""
    token(page)
    assert 403 == page.post(PATH, content=body, headers=HERE).status_code


def test_nobody_answers_for_an_slo_that_is_not_there(page):
    """It says so, as its page does."""
    assert [404, 404] == [page.get("/on-call/nobody").status_code, page.post("/on-call/nobody").status_code]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Host": "any.example:8400"}, 201),
        ({"Origin": "http://pages"}, 201),
        ({"Origin": "http://127.0.0.1:8400", "Host": "127.0.0.1:8400", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "https://slo.example", "Host": "slo.example"}, 201),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://pages"}, 403),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, 403),
        ({"Host": "evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
    ],
)
def test_a_browser_changes_nothing_through_the_api_for_a_stranger_s_page(sources, silences, now, headers, status):
    """Also not for one whose name was made to lead here; programs, which tell of no page, pass by whatever name they call us."""
    sources.catalogue = Catalogue(1, sources.told.slos, {}, frozenset())
    silencing = SilenceRoutes(sources, silences, silences, lambda: now)
    browser = Browser(httpx.ASGITransport(create_app([silencing], None, "slo.example")))
    body = {"slo": "team/a b", "duration": "1h", "author": "mallory", "reason": "quiet"}
    answer = browser.post("/api/v1/silences", json=body, headers=headers)

    assert status == answer.status_code
    assert (status == 201) == bool(silences.known(0))
    assert status == 201 or answer.headers["Content-Type"] == "application/problem+json"
