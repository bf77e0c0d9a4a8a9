"""Everything this folder raises, in one tree.

AlertsError
 ├─ InvalidReceiver           a receiver can't be used as configured (no http address, two of one name)
 └─ StoreError                alerts can't be kept: the file can't be opened or written, or is of a newer version
"""

from __future__ import annotations


class AlertsError(Exception):
    """Root of this folder's errors. Its text is meant for whoever configured or runs it."""


class InvalidReceiver(AlertsError):
    """A receiver can't be used as configured; the text says why, without its secrets."""


class StoreError(AlertsError):
    """Alerts can't be kept. Nothing of the round that failed is in force: neither in the file nor in memory."""
