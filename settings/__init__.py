"""How a collector is set up: read once, from flags, then FOURNINES_* variables, then the file, then defaults. Typed, and immutable.

    fournines.yaml (${NAME} filled in) <- FOURNINES_* <- flags -> Settings, or every fault with file, line and path

Secrets mask themselves in every text made of them.
"""

from .errors import SettingsError
from .flags import Flags
from .forward import OtlpForward, RemoteWriteForward, XrayForward
from .heartbeat import HeartbeatEntry
from .loading import load
from .maintenance import MaintenanceEntry
from .notify import (
    MAIL_PORTS,
    Alertmanager,
    Apprise,
    Email,
    Notify,
    PagerDuty,
    Slack,
    Sns,
    Told,
    Webhook,
    receiver_names,
)
from .otlp import Otlp
from .probe import Probed
from .prometheus import Prometheus
from .quiet_hours import QuietHoursEntry
from .scrape import Scrape
from .settings import Settings
from .traces import KeptTraces
from .xray import Xray

__all__ = [
    "MAIL_PORTS",
    "Alertmanager",
    "Apprise",
    "Email",
    "Flags",
    "HeartbeatEntry",
    "KeptTraces",
    "MaintenanceEntry",
    "Notify",
    "Otlp",
    "OtlpForward",
    "PagerDuty",
    "Probed",
    "Prometheus",
    "QuietHoursEntry",
    "RemoteWriteForward",
    "Scrape",
    "Settings",
    "SettingsError",
    "Slack",
    "Sns",
    "Told",
    "Webhook",
    "Xray",
    "XrayForward",
    "load",
    "receiver_names",
]
