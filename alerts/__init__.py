"""Alerts: from an evaluation to somebody who knows. Burn and no-data alerts, their outbox and senders, and rules for Prometheus.

    Evaluation -> AlertEngine -> outbox (in the ledger's file) -> Pager -> Sender
    SLOs       -> prometheus.build_rules -> rules.yml

`now` is always a parameter; only the pager is handed a clock.
"""

from .alert import Alert, Key, Kind
from .engine import AlertEngine
from .errors import AlertsError, InvalidReceiver, StoreError
from .notice import Notice
from .notification import Action, Notification, Receiver
from .open_alerts import OpenAlert, OpenAlerts
from .outbox import Delivery, Outbox, Stage
from .pager import Pager
from .paging import Paging
from .prometheus import build_rules, write
from .round import Change
from .sender import DELIVERED, FakeSender, Outcome, Sender, Verdict
from .state import KEEP_FIRING_SECONDS, Condition, Firing, Reason, Transition, step
from .webhook import WebhookSender

__all__ = [
    "DELIVERED",
    "KEEP_FIRING_SECONDS",
    "Action",
    "Alert",
    "AlertEngine",
    "AlertsError",
    "Change",
    "Condition",
    "Delivery",
    "FakeSender",
    "Firing",
    "InvalidReceiver",
    "Key",
    "Kind",
    "Notice",
    "Notification",
    "OpenAlert",
    "OpenAlerts",
    "Outbox",
    "Outcome",
    "Pager",
    "Paging",
    "Reason",
    "Receiver",
    "Sender",
    "Stage",
    "StoreError",
    "Transition",
    "Verdict",
    "WebhookSender",
    "build_rules",
    "step",
    "write",
]
