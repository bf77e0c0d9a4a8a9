"""The webhook, against a real HTTP server on loopback and its moods."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import http.server
import json
import logging
import socket
import threading
from dataclasses import dataclass, field

import pytest

from fournines.alerts import Attempt, InvalidReceiver, Outcome, WebhookNotifier
from fournines.alerts.senders.http import judge
from fournines.alerts.senders.webhook import fingerprint, payload, sign

NOW = 1_800_000_000.0


@dataclass
class Hook:
    """A receiver that answers as told and remembers what it was sent."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hang: threading.Event | None = None
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hooks/t0ken"


@pytest.fixture
def hook():
    """A real server, ended with the test."""
    state = Hook()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            state.got.append((self.path, dict(self.headers), body))
            if state.hang is not None:
                state.hang.wait(30)
            self.send_response(state.status)
            for name, value in {**state.headers, "content-length": str(len(state.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever has read enough hangs up
                self.wfile.write(state.body)

        def log_message(self, *arguments):
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    if state.hang is not None:
        state.hang.set()
    server.shutdown()
    thread.join()
    server.server_close()


def post(url, *notifications, **more):
    """The attempts of sending to `url`, over one notifier."""

    async def main():
        notifier = WebhookNotifier(url, **more)
        attempts = [await notifier.send(notification, NOW) for notification in notifications]
        await notifier.close()
        return attempts

    return asyncio.run(main())


def test_the_body_is_alertmanager_s_version_4(hook, message):
    """Every key of the documented body, and no other."""
    (attempt,) = post(hook.url, message(team="core"), name="ops", external_url="http://127.0.0.1:8400")
    assert Outcome.DELIVERED is attempt.outcome
    ((path, headers, body),) = hook.got
    labels = {"alertname": "SLOErrorBudgetBurn", "service": "s", "severity": "page", "slo": "a", "team": "core"}
    annotations = {"summary": "a burns 21x", "description": "The promise: ü"}
    assert {
        "version": "4",
        "groupKey": "slo/a/page",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "ops",
        "groupLabels": {"alertname": "SLOErrorBudgetBurn", "service": "s", "severity": "page", "slo": "a"},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "http://127.0.0.1:8400",
        "alerts": [
            {
                "status": "firing",
                "labels": labels,
                "annotations": annotations,
                "startsAt": "2027-01-15T08:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://127.0.0.1:8400/slo/a",
                "fingerprint": fingerprint(labels),
            }
        ],
    } == json.loads(body)
    assert ("/hooks/t0ken", "application/json") == (path, headers["content-type"])
    assert "X-Fournines-Signature" not in headers


def test_the_end_of_an_incident_differs_in_status_and_end_alone(message):
    """Receivers find the alert again: same group, labels, fingerprint and start."""
    begin, end = payload(message(), "r", ""), payload(message(ended=NOW + 60), "r", "")
    assert ("resolved", "2027-01-15T08:01:00Z") == (end["status"], end["alerts"][0]["endsAt"])
    for changed in ("status", "endsAt"):
        del begin["alerts"][0][changed], end["alerts"][0][changed]
    assert {**begin, "status": "resolved"} == end


def test_the_signature_is_that_of_the_bytes(hook, message):
    """A receiver that hashes what it got under the shared secret finds the header's value."""
    post(hook.url, message(), secret="s3cret")
    _, headers, body = hook.got[0]
    assert "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest() == headers["X-Fournines-Signature"]
    assert sign(body, "s3cret") != sign(body, "other")


@pytest.mark.parametrize("secret", [None, "s3cret"])
def test_the_same_message_is_sent_as_the_same_bytes(hook, message, secret):
    """A message sent twice can be recognised by its bytes."""
    post(hook.url, message(), message(), secret=secret)
    assert hook.got[0][2] == hook.got[1][2]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (202, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (302, Outcome.REJECTED),
        (400, Outcome.REJECTED),
        (401, Outcome.REJECTED),
        (404, Outcome.REJECTED),
        (408, Outcome.RETRY),
        (425, Outcome.RETRY),
        (429, Outcome.RETRY),
        (500, Outcome.RETRY),
        (503, Outcome.RETRY),
    ],
)
def test_every_answer_has_its_meaning(hook, message, status, outcome):
    """2xx accepted; what time mends is tried again; the rest is final, and redirects are not followed."""
    hook.status, hook.headers = status, {"location": f"http://127.0.0.1:{hook.port}/elsewhere"}
    hook.body = b"" if status == 204 else b"no"
    (attempt,) = post(hook.url, message())
    assert outcome is attempt.outcome
    assert ["/hooks/t0ken"] == [path for path, _, _ in hook.got]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("Fri, 15 Jan 2027 08:02:00 -0000", 120.0),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    """RFC 9110 allows both; anything else says nothing."""
    assert Attempt(Outcome.RETRY, "answered 429", seconds) == judge(429, header, NOW)


def test_retry_after_is_read_off_the_wire(hook, message):
    """A throttled receiver says when to come again."""
    hook.status, hook.headers = 429, {"Retry-After": "17"}
    assert [Attempt(Outcome.RETRY, "answered 429", 17.0)] == post(hook.url, message())


def test_nobody_listens(free_port, message):
    """A refused connection is tried again, and the words hold no path."""
    port = free_port()
    (attempt,) = post(f"http://user:pa55@127.0.0.1:{port}/hooks/t0ken", message())
    assert Attempt(Outcome.RETRY, f"no connection to http://127.0.0.1:{port} (ConnectError)") == attempt


def test_a_receiver_that_hangs_is_left(hook, message, monkeypatch):
    """Its time is limited in all, not only between two bytes."""
    monkeypatch.setattr("fournines.alerts.senders.http.TIMEOUT_SECONDS", 0.2)
    hook.hang = threading.Event()
    assert [Attempt(Outcome.RETRY, "no answer within 0.2 s")] == post(hook.url, message())


def test_an_endless_answer_is_not_read_to_its_end(hook, message):
    """What a receiver says beyond its status is of no use."""
    hook.body = b"x" * 10_000_000
    assert Outcome.DELIVERED is post(hook.url, message())[0].outcome


def test_a_stranger_s_certificate_is_refused(message):
    """TLS is verified: a server that can't prove who it is gets no page."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        (attempt,) = post(f"https://127.0.0.1:{listener.getsockname()[1]}/", message())
        thread.join()
    assert Outcome.RETRY is attempt.outcome


def test_no_secret_is_shown(hook, message, caplog):
    """Neither the representation nor any log line holds the secret or the path, which carries tokens too."""
    with caplog.at_level(logging.DEBUG):
        post(hook.url, message(), secret="s3cret")
    shown = caplog.text + repr(WebhookNotifier(hook.url, secret="s3cret"))
    assert f"127.0.0.1:{hook.port}" in shown
    assert "s3cret" not in shown
    assert "t0ken" not in shown


@pytest.mark.parametrize("url", ["", "ftp://x/", "http://", "//x", "http://x:port/", "http://x:99999/", "x"])
def test_only_addresses_are_receivers(url):
    """A URL that can't be posted to is refused at the start, without showing it."""
    with pytest.raises(InvalidReceiver, match="the URL of receiver hook is no http or https address"):
        WebhookNotifier(url, name="hook")


def test_a_fingerprint_depends_on_every_label_and_on_no_order():
    """As Alertmanager's: FNV-1a over sorted pairs; the empty set gives the offset basis."""
    assert "cbf29ce484222325" == fingerprint({})
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})
    assert fingerprint({"a": "1", "b": "2"}) != fingerprint({"a": "12", "b": ""})
