"""Alerts: from an evaluation to somebody who knows. Burn and no-data alerts, their outbox and notifiers, and rules for Prometheus.

    Evaluation -> AlertEngine -> outbox (in the ledger's file) -> Pager -> Notifier
    SLOs       -> prometheus.build_rules -> rules.yml

`now` is always a parameter; only the pager is handed a clock.
"""

from .acknowledgement import Acknowledgement
from .alert import Alert, AlertKey, AlertKind, Subject
from .alert_verdict import AlertVerdict
from .change import AlertChange
from .decision import Decision, Ruling
from .delivery import Delivery, Stage
from .ended_alerts import EndedAlert, EndedPlace, ended_alert, ended_alerts
from .engine import AlertEngine
from .errors import AlertsError, BacktestError, InvalidReceiver, StoreError, UnknownAlert
from .messages.sources import Sources
from .messages.templates import Templates
from .notice import Notice
from .notification import Action, Link, Notification, Receiver
from .notifier import DELIVERED, NOT_SHOWN, Attempt, FakeNotifier, Notifier, Outcome
from .open_alerts import OpenAlert, OpenAlerts
from .outbox import Outbox
from .pager import Pager
from .paging import Paging
from .rules.prometheus import build_rules, write
from .senders import WebhookNotifier
from .state import COOL_DOWN_SECONDS, KEEP_FIRING_SECONDS, ConditionState, Firing, Reason, Transition, step

__all__ = [
    "COOL_DOWN_SECONDS",
    "DELIVERED",
    "KEEP_FIRING_SECONDS",
    "NOT_SHOWN",
    "Acknowledgement",
    "Action",
    "Alert",
    "AlertChange",
    "AlertEngine",
    "AlertKey",
    "AlertKind",
    "AlertVerdict",
    "AlertsError",
    "Attempt",
    "BacktestError",
    "ConditionState",
    "Decision",
    "Delivery",
    "EndedAlert",
    "EndedPlace",
    "FakeNotifier",
    "Firing",
    "InvalidReceiver",
    "Link",
    "Notice",
    "Notification",
    "Notifier",
    "OpenAlert",
    "OpenAlerts",
    "Outbox",
    "Outcome",
    "Pager",
    "Paging",
    "Reason",
    "Receiver",
    "Ruling",
    "Sources",
    "Stage",
    "StoreError",
    "Subject",
    "Templates",
    "Transition",
    "UnknownAlert",
    "WebhookNotifier",
    "build_rules",
    "ended_alert",
    "ended_alerts",
    "step",
    "write",
]
