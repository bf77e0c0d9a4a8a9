"""Senders: one way to tell somebody a file, each by the rules of whoever it sends to."""

from .alertmanager import AlertmanagerNotifier
from .apprise import AppriseNotifier
from .http import HttpSender
from .mail import MailNotifier, MailServer
from .pagerduty import PagerDutyNotifier
from .slack import SlackNotifier
from .slack_hook import SlackHookNotifier
from .sns import SnsNotifier
from .webhook import WebhookNotifier

__all__ = [
    "AlertmanagerNotifier",
    "AppriseNotifier",
    "HttpSender",
    "MailNotifier",
    "MailServer",
    "PagerDutyNotifier",
    "SlackHookNotifier",
    "SlackNotifier",
    "SnsNotifier",
    "WebhookNotifier",
]
