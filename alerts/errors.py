"""Everything this folder raises, in one tree.

AlertsError
 ├─ BacktestError             what was asked can't be replayed (no such policy, a file that says nothing, steps that fit no bucket)
 ├─ InvalidMatchers           patterns for labels can't be used: too many, too long, or of no label
 ├─ InvalidReceiver           a receiver can't be used as configured (no http address, two of one name)
 ├─ InvalidSilence            a silence can't be made as it was said: it means everybody, is over, or lasts too long
 ├─ InvalidTemplates          templates of messages can't be used: one that can't be read, or that says what nobody knows
 ├─ StoreError                alerts can't be kept: the file can't be opened or written, or is of a newer version
 ├─ Unacknowledged            an alert can't be given back: nobody has taken it on
 ├─ UnknownAlert              what somebody wants to act on is not there: no such alert is open
 └─ UnknownSilence            there never was a silence of that number
"""

from __future__ import annotations


class AlertsError(Exception):
    """Root of this folder's errors. Its text is meant for whoever configured or runs it."""


class BacktestError(AlertsError):
    """What was asked can't be replayed; the text says why, and what would do."""


class InvalidMatchers(AlertsError):
    """Patterns for labels can't be used; the text says why."""


class InvalidReceiver(AlertsError):
    """A receiver can't be used as configured; the text says why, without its secrets."""


class InvalidSilence(AlertsError):
    """A silence can't be made as it was said; the text says why."""


class InvalidTemplates(AlertsError):
    """Templates of messages can't be used; the text names the file and the line, and says why."""


class StoreError(AlertsError):
    """Alerts can't be kept. Nothing of the round that failed is in force: neither in the file nor in memory."""


class Unacknowledged(AlertsError):
    """Nobody has taken that alert on, or not any more."""


class UnknownAlert(AlertsError):
    """No alert of that key is open: it is over, or never was."""


class UnknownSilence(AlertsError):
    """There never was a silence of that number, or it is forgotten."""
