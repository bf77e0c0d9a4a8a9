"""Who is told when something burns, of what, and who is told in their stead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, model_validator

from .errors import Misplaced
from .headers import Headers
from .number import Port
from .section import Section

_Secret = Annotated[SecretStr, Field(min_length=1)]


def _one_line(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x20-\x7e]+", secret.get_secret_value()):
        raise ValueError("holds a line's end, or a letter outside ASCII")
    return secret


_Key = Annotated[_Secret, AfterValidator(_one_line)]
"""What is sent as it is: a line's end, as files of secrets have it, is seen at the start and not at the first page."""


def _label(name: str) -> str:
    if not name.strip():
        raise ValueError("is no name of a label")
    return name


_Label = Annotated[str, Field(max_length=1_000), AfterValidator(_label)]

MAIL_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
"""Where mail is handed in, by how it is encrypted (RFC 8314)."""


def _some(entries: tuple[object, ...]) -> tuple[object, ...]:
    if not entries:
        raise ValueError("needs at least one")
    return entries


def _address(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(text)[1]) or not text.isprintable():
        raise ValueError("is no e-mail address, such as oncall@example.com")
    return text


def _topic(arn: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?", arn):
        raise ValueError("is no topic, such as arn:aws:sns:eu-central-1:123456789012:pages")
    return arn


MailAddress = Annotated[str, AfterValidator(_address)]
"""`oncall@example.com` or `On call <oncall@example.com>`."""


class Told(Section):
    """What can be said of every receiver. Without severities it is told as the fallback of another only."""

    name: str = Field(default="", max_length=100, pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")
    severities: tuple[Literal["page", "ticket"], ...] = ("page", "ticket")
    match: dict[_Label, Annotated[str, Field(max_length=1_000)]] = Field(default_factory=dict, max_length=20)
    fallback: str | None = None


class Webhook(Told):
    """A receiver of Alertmanager's webhook bodies, version 4, signed when there is a secret."""

    type: Literal["webhook"]
    url: HttpUrl
    secret: _Secret | None = None


class PagerDuty(Told):
    """An integration of PagerDuty's Events API v2; `url` is another than that of accounts in America."""

    type: Literal["pagerduty"]
    routing_key: _Key
    url: HttpUrl = HttpUrl("https://events.pagerduty.com/v2/enqueue")


class Slack(Told):
    """A channel of Slack: by a bot, which changes its messages, or by the URL of an incoming webhook."""

    type: Literal["slack"]
    token: _Key | None = None
    channel: str | None = Field(default=None, min_length=1)
    url: SecretStr | None = None
    api_url: HttpUrl = HttpUrl("https://slack.com/api")

    @model_validator(mode="after")
    def _one_way(self) -> Slack:
        if (self.token is None) == (self.url is None):
            raise ValueError("needs a token and a channel, or the url of an incoming webhook")
        if (self.token is None) != (self.channel is None):
            raise ValueError(
                "needs a channel with its token" if self.token else "has a channel, which a webhook knows itself"
            )
        return self


class Alertmanager(Told):
    """All members of an Alertmanager cluster."""

    type: Literal["alertmanager"]
    urls: Annotated[tuple[HttpUrl, ...], AfterValidator(_some)]
    headers: Headers = Field(default_factory=dict)


class Sns(Told):
    """A topic of Amazon SNS; `endpoint` is another than its region's own."""

    type: Literal["sns"]
    topic: Annotated[str, AfterValidator(_topic)]
    endpoint: HttpUrl | None = None


class Email(Told):
    """Mailboxes, by an SMTP server."""

    type: Literal["email"]
    host: str = Field(min_length=1)
    port: Port | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: _Key | None = None
    sender: MailAddress
    to: Annotated[tuple[MailAddress, ...], AfterValidator(_some)]

    @model_validator(mode="after")
    def _secret_is_kept(self) -> Email:
        if (self.username is None) != (self.password is None):
            raise ValueError("needs a username and a password, or neither")
        if self.password is not None and self.security == "none":
            raise ValueError("would send its password in the clear; say security: starttls or tls")
        return self


class Apprise(Told):
    """An address that Apprise knows."""

    type: Literal["apprise"]
    url: _Secret


Notify = Annotated[
    Webhook | PagerDuty | Slack | Alertmanager | Sns | Email | Apprise,
    Field(discriminator="type"),
]


def receiver_names(notify: Sequence[Told]) -> list[str]:
    """The names that receivers have, or get by their place among those of their type: `webhook-1` the first webhook."""
    seen: Counter[str] = Counter()
    found = []
    for entry in notify:
        type_ = str(getattr(entry, "type", ""))
        seen[type_] += 1
        found.append(entry.name or f"{type_}-{seen[type_]}")
    return found


def check_names(notify: Sequence[Told]) -> None:
    """Raises `Misplaced` where two receivers have one name, or a fallback is none of the others."""
    known = receiver_names(notify)
    for index, (name, entry) in enumerate(zip(known, notify, strict=True)):
        if name in known[:index]:
            raise Misplaced((index, "name"), f"is {name}, as that of [{known.index(name)}] is")
        others = [other for other in known if other != name]
        if entry.fallback is not None and entry.fallback not in others:
            there = f"there are {', '.join(others)}" if others else "there is no other"
            raise Misplaced((index, "fallback"), f"{entry.fallback!r} is no other receiver; {there}")
