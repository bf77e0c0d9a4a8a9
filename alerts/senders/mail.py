"""E-mail, by SMTP: a thread an incident, as text and as HTML. RFC 5321, RFC 5322.

The answer to each command says what becomes of the message: 4yz may be mended by time, 5yz may not.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final, Literal

from ..messages.templates import Templates, packaged
from ..notification import Action, Notification
from ..notifier import DELIVERED, NOT_SHOWN, Attempt, Outcome
from .aside import Aside
from .content import headline, pages, shortened
from .http import TIMEOUT_SECONDS

LONGEST_SUBJECT: Final = 200

_TEMPORARY: Final = range(400, 500)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `starttls` and `tls` verify the server's certificate by `context`; a password never goes in the clear."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def connect(self) -> smtplib.SMTP:
        """A connection that is encrypted and signed in, as configured. Raises OSError or SMTPException."""
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_SECONDS, context=self.context()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.security == "starttls":
                server.starttls(context=self.context())
            if self.username is not None:
                server.login(self.username, self.password or "")
        except BaseException:
            server.close()
            raise
        return server


class MailNotifier:
    """Sends from one address to some others. The password is never shown."""

    def __init__(
        self,
        server: MailServer,
        sender: str,
        recipients: Sequence[str],
        *,
        name: str = "email",
        templates: Templates | None = None,
    ) -> None:
        self._templates = templates or packaged()
        self._server = server
        self._sender = sender
        self._recipients = tuple(recipients)
        self._name = name
        self._aside = Aside()

    def __repr__(self) -> str:
        return f"MailNotifier({self._name!r}, {self._server.host}:{self._server.port})"

    async def close(self) -> None:
        """Each message has a connection of its own."""

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Hands one message in. It is told once one recipient is accepted; `reference` is the first message of the thread."""
        if notification.action is Action.UPDATE:
            return NOT_SHOWN
        mail = letter(notification, self._sender, self._recipients, now, reference)
        mail.set_content(self._templates.email_text(notification))
        mail.add_alternative(self._templates.email_html(notification), subtype="html")
        return await self._aside.attempt(lambda: self._hand_in(mail))

    def _hand_in(self, mail: EmailMessage) -> Attempt:
        try:
            with self._server.connect() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            return _judged([code for code, _ in error.recipients.values()], "no recipient is accepted")
        except smtplib.SMTPResponseException as error:
            return _judged([error.smtp_code], type(error).__name__)
        except smtplib.SMTPNotSupportedError as error:
            return Attempt(Outcome.REJECTED, f"the mail server can't: {error}")
        except (smtplib.SMTPException, OSError) as error:
            return Attempt(Outcome.RETRY, f"no connection to the mail server ({type(error).__name__})")
        reason = f"accepted, but for {len(refused)} of its recipients" if refused else DELIVERED.reason
        return Attempt(Outcome.DELIVERED, reason, reference=mail["Message-ID"])


def letter(
    notification: Notification, sender: str, recipients: Sequence[str], now: float, reference: str | None
) -> EmailMessage:
    """The message without its text. Sent twice it has the same id, by which mailboxes know it; what follows answers the first one."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = shortened(_subject(notification), LONGEST_SUBJECT)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Message-ID"] = _id(notification, sender)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody on holiday answers it
    if reference is not None:
        mail["In-Reply-To"] = mail["References"] = reference
    if pages(notification) and notification.action is Action.TRIGGER:
        mail["Importance"] = "high"
    return mail


def _subject(notification: Notification) -> str:
    """In one line: a header holds no line's end."""
    level = "page" if pages(notification) else "ticket"
    return " ".join(f"[{level}] {headline(notification)}".split())


def _id(notification: Notification, sender: str) -> str:
    digest = hashlib.sha256(notification.to_json().encode()).hexdigest()[:32]
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<fournines.{digest}@{domain}>"


def _judged(codes: Sequence[int], words: str) -> Attempt:
    """One that time may mend is enough to try again; servers also answer 4yz to strangers, whom they take a minute later."""
    outcome = Outcome.RETRY if any(code in _TEMPORARY for code in codes) else Outcome.REJECTED
    return Attempt(outcome, f"answered {', '.join(sorted({str(code) for code in codes}))} ({words})")
