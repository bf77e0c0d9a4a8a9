"""E-mail, against a real SMTP server on loopback: encrypted, signed in, in threads, and every refusal by its code."""

from __future__ import annotations

import email
import email.policy
import ssl
from types import SimpleNamespace

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from fournines.alerts import NOT_SHOWN, Action, Outcome
from fournines.alerts.senders import MailNotifier, MailServer

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # TLS is there from the start

USER, PASSWORD = "pages", "s3cret"


class Mailbox:
    """Takes mail, or answers as told: by recipient, or to the message."""

    def __init__(self):
        self.mail = []
        self.recipients = []
        self.signed_in = []
        self.refuse = {}
        self.data = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - what aiosmtpd looks for
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - what aiosmtpd looks for
        if self.data.startswith("2"):
            self.mail.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.recipients.append(envelope.rcpt_tos)
        return self.data

    def authenticate(self, server, session, envelope, mechanism, data):
        sound = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.signed_in.append((mechanism, server.transport.get_extra_info("ssl_object") is not None))
        return AuthResult(success=sound, handled=sound)


@pytest.fixture(scope="module")
def authority():
    """Who vouches for the server."""
    return trustme.CA()


@pytest.fixture(scope="module")
def certified(authority):
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority):
    """The sender's side of TLS, which knows that authority."""

    def context():
        made = ssl.create_default_context()
        authority.configure_trust(made)
        return made

    return context


@pytest.fixture
def server(free_port, certified):
    """Starts SMTP servers, ended with the test."""
    started = []

    def start(security="none"):
        box, port = Mailbox(), free_port()
        tls = {"none": {}, "starttls": {"tls_context": certified}, "tls": {"ssl_context": certified}}[security]
        asks = {} if security == "none" else {"authenticator": box.authenticate, "auth_required": True}
        controller = Controller(
            box, hostname="127.0.0.1", port=port, **tls, **asks, auth_require_tls=security == "starttls"
        )
        controller.start()
        started.append(controller)
        return SimpleNamespace(box=box, port=port)

    yield start
    for controller in started:
        controller.stop()


def notifier(port, security="none", **more):
    return MailNotifier(
        MailServer("127.0.0.1", port, security, **more), "Pages <pages@slo.example>", ["a@b.example", "c@d.example"]
    )


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_is_encrypted_and_signed_in_before_anything_is_said(server, trusting, incident, sent, security):
    """The server's certificate is verified, and the password goes by TLS only."""
    started = server(security)
    who = {"username": USER, "password": PASSWORD, "context": trusting}

    (attempt,) = sent(notifier(started.port, security, **who), incident())

    assert Outcome.DELIVERED is attempt.outcome
    assert {True} == {encrypted for _, encrypted in started.box.signed_in}
    assert [["a@b.example", "c@d.example"]] == started.box.recipients
    assert PASSWORD not in repr(notifier(started.port, security, **who)) + repr(MailServer("h", 1, **who))


def test_a_stranger_gets_neither_password_nor_page(server, incident, sent):
    """A certificate that nobody vouches for ends the attempt before the password."""
    started = server("starttls")

    (attempt,) = sent(notifier(started.port, "starttls", username=USER, password=PASSWORD), incident())

    assert (Outcome.RETRY, "no connection to the mail server (SSLCertVerificationError)") == (
        attempt.outcome,
        attempt.reason,
    )
    assert [] == started.box.signed_in


def test_a_wrong_password_is_final(server, trusting, incident, sent):
    """535 is the operator's to mend; the fallback is told at once."""
    started = server("tls")

    (attempt,) = sent(notifier(started.port, "tls", username=USER, password="wr0ng", context=trusting), incident())

    assert (Outcome.REJECTED, "answered 535 (SMTPAuthenticationError)") == (attempt.outcome, attempt.reason)


def test_a_server_without_encryption_gets_no_page_that_wants_it(server, incident, sent):
    """STARTTLS that is not offered may have been cut out on the way."""
    (attempt,) = sent(notifier(server().port, "starttls"), incident())

    assert Outcome.REJECTED is attempt.outcome
    assert "STARTTLS" in attempt.reason


def test_an_incident_is_a_thread(server, incident, sent):
    """What follows answers the first message, which has the same id however often it is sent; a change is no mail."""
    started = server()
    actions = (Action.TRIGGER, Action.TRIGGER, Action.UPDATE, Action.ACKNOWLEDGE, Action.RESOLVE)
    attempts = sent(notifier(started.port), *map(incident, actions))

    assert NOT_SHOWN == attempts[2]
    first, again, taken, over = started.box.mail
    assert first["Message-ID"] == again["Message-ID"] == attempts[0].reference
    assert first["Message-ID"] == taken["In-Reply-To"] == over["References"]
    assert 3 == len({mail["Message-ID"] for mail in started.box.mail})
    assert ["[page] a burns 21x", "[page] Acknowledged: a burns 21x"] == [first["Subject"], taken["Subject"]]


def test_the_mail_says_what_is_known_as_text_and_as_html(server, incident, sent):
    """Both say the same; what looks like markup is text; nobody's holiday notice answers it."""
    started = server()
    sent(notifier(started.port), incident())

    (mail,) = started.box.mail
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for said in ("a burns 21x", "The promise: ü", "Top route", "https://runbooks.example/a", "2027-01-15T08:00:00Z"):
        assert said in text
        assert said in html
    assert "1.4.2 <canary> & more" in text
    assert "1.4.2 &lt;canary&gt; &amp; more" in html
    assert ("auto-generated", "high") == (mail["Auto-Submitted"], mail["Importance"])
    assert "Pages <pages@slo.example>" == mail["From"]


def test_a_summary_of_several_lines_is_one_subject(server, incident, sent):
    """No header can be smuggled in by a name, and no name makes a mail that can't be sent."""
    started = server()
    (attempt,) = sent(notifier(started.port), incident(annotations={"summary": "a\r\nBcc: x@y.example\n" + "ü" * 500}))

    (mail,) = started.box.mail
    assert Outcome.DELIVERED is attempt.outcome
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("[page] a Bcc: x@y.example ")
    assert 200 == len(mail["Subject"])


@pytest.mark.parametrize(
    ("refuse", "data", "outcome", "reason"),
    [
        ({"a@b.example": "450 later"}, "250 OK", Outcome.DELIVERED, "accepted, but for 1 of its recipients"),
        (
            {"a@b.example": "450 later", "c@d.example": "550 no"},
            "250 OK",
            Outcome.RETRY,
            "answered 450, 550 (no recipient is accepted)",
        ),
        (
            {"a@b.example": "550 no", "c@d.example": "550 no"},
            "250 OK",
            Outcome.REJECTED,
            "answered 550 (no recipient is accepted)",
        ),
        ({}, "452 full", Outcome.RETRY, "answered 452 (SMTPDataError)"),
        ({}, "554 spam", Outcome.REJECTED, "answered 554 (SMTPDataError)"),
    ],
)
def test_every_answer_has_its_meaning(server, incident, sent, refuse, data, outcome, reason):
    """4yz may be mended by time, 5yz may not; one recipient that is accepted is told."""
    started = server()
    started.box.refuse, started.box.data = refuse, data

    (attempt,) = sent(notifier(started.port), incident())

    assert (outcome, reason) == (attempt.outcome, attempt.reason)


def test_nobody_listens(free_port, incident, sent):
    """A server that is down is tried again."""
    (attempt,) = sent(notifier(free_port()), incident())

    assert (Outcome.RETRY, "no connection to the mail server (ConnectionRefusedError)") == (
        attempt.outcome,
        attempt.reason,
    )
