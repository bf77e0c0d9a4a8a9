"""From settings to who is told of alerts, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..alerts import Notifier, Receiver, Templates
from ..alerts.matching import Matchers
from ..alerts.senders import (
    AlertmanagerNotifier,
    AppriseNotifier,
    MailNotifier,
    MailServer,
    PagerDutyNotifier,
    SlackHookNotifier,
    SlackNotifier,
    SnsNotifier,
    WebhookNotifier,
)
from ..settings import MAIL_PORTS, Alertmanager, Email, Notify, PagerDuty, Slack, Sns, Webhook, receiver_names
from ..slo import Severity


def notifiers_of(
    notify: Sequence[Notify], page_url: str, templates: Templates | None = None
) -> Mapping[Receiver, Notifier]:
    """The ways to the receivers; messages link to `page_url`, in the words of `templates` (None: ours). Raises `InvalidReceiver`."""
    return {
        _receiver(name, entry): _notifier(name, entry, page_url, templates)
        for name, entry in zip(receiver_names(notify), notify, strict=True)
    }


def _receiver(name: str, entry: Notify) -> Receiver:
    severities = frozenset(Severity(severity) for severity in entry.severities)
    return Receiver(name, severities, Matchers.of(entry.match), entry.fallback)


def _notifier(name: str, entry: Notify, page_url: str, templates: Templates | None) -> Notifier:
    match entry:
        case Webhook():
            secret = entry.secret.get_secret_value() if entry.secret else None
            return WebhookNotifier(str(entry.url), name=name, secret=secret, external_url=page_url)
        case PagerDuty():
            key = entry.routing_key.get_secret_value()
            return PagerDutyNotifier(key, name=name, url=str(entry.url), external_url=page_url)
        case Slack():
            return _slack(name, entry, templates)
        case Alertmanager():
            headers = {header: value.get_secret_value() for header, value in entry.headers.items()}
            return AlertmanagerNotifier([str(url) for url in entry.urls], name=name, headers=headers)
        case Sns():
            return SnsNotifier(entry.topic, name=name, endpoint=str(entry.endpoint) if entry.endpoint else None)
        case Email():
            return _mail(name, entry, templates)
    return AppriseNotifier(entry.url.get_secret_value(), name=name)


def _slack(name: str, entry: Slack, templates: Templates | None) -> Notifier:
    if entry.url is not None:
        return SlackHookNotifier(entry.url.get_secret_value(), name=name, templates=templates)
    assert entry.token is not None, "without a url there is a token"
    assert entry.channel is not None, "and a channel"
    token = entry.token.get_secret_value()
    return SlackNotifier(token, entry.channel, name=name, api_url=str(entry.api_url), templates=templates)


def _mail(name: str, entry: Email, templates: Templates | None) -> MailNotifier:
    password = entry.password.get_secret_value() if entry.password else None
    port = entry.port or MAIL_PORTS[entry.security]
    server = MailServer(entry.host, port, entry.security, entry.username, password)
    return MailNotifier(server, entry.sender, entry.to, name=name, templates=templates)
