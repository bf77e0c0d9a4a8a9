"""Alerts: from an evaluation to somebody who knows. Burn and no-data alerts, their outbox and notifiers, and rules for Prometheus.

    Evaluation -> AlertEngine -> outbox (in the ledger's file) -> Pager -> Notifier
    SLOs       -> prometheus.build_rules -> rules.yml

`now` is always a parameter; only the pager is handed a clock.
"""

from .alert import Alert, AlertKey, AlertKind
from .delivery import Delivery, Stage
from .engine import AlertEngine
from .errors import AlertsError, BacktestError, InvalidReceiver, StoreError
from .notice import Notice
from .notification import Action, Link, Notification, Receiver
from .notifier import DELIVERED, NOT_SHOWN, Attempt, FakeNotifier, Notifier, Outcome
from .open_alerts import OpenAlert, OpenAlerts
from .outbox import Outbox
from .pager import Pager
from .paging import Paging
from .round import AlertChange
from .rules.prometheus import build_rules, write
from .senders import WebhookNotifier
from .state import KEEP_FIRING_SECONDS, ConditionState, Firing, Reason, Transition, step

__all__ = [
    "DELIVERED",
    "KEEP_FIRING_SECONDS",
    "NOT_SHOWN",
    "Action",
    "Alert",
    "AlertChange",
    "AlertEngine",
    "AlertKey",
    "AlertKind",
    "AlertsError",
    "Attempt",
    "BacktestError",
    "ConditionState",
    "Delivery",
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
    "Stage",
    "StoreError",
    "Transition",
    "WebhookNotifier",
    "build_rules",
    "step",
    "write",
]
