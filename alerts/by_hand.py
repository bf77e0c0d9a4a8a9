"""What people do to an alert: take it on, give it back, write something down, and say afterwards what it was worth."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..slo import timestamp
from .acknowledgement import Acknowledgement
from .alert import Alert
from .alert_verdict import AlertVerdict
from .audit import AuditLine
from .ended_alerts import EndedAlert
from .errors import Unacknowledged
from .note import MOST_NOTES, Note
from .notice import Notice
from .stages.inhibition import ESCALATED


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done to an alert: the alert after it, what those who know of it hear, the line of the audit log, and what is noted."""

    alert: Alert
    notice: Notice
    news: str
    line: AuditLine
    note: Note | None = None

    @property
    def acknowledges(self) -> bool:
        """Whether somebody took it on."""
        return self.notice is Notice.ACKNOWLEDGED


def acknowledge(alert: Alert, taken: Acknowledgement) -> Deed:
    """Takes it on: nobody is told again before that runs out. Whoever takes it on anew says anew until when."""
    detail = {"until": timestamp(taken.until), "incident": alert.number}
    line = AuditLine(taken.at, taken.by, "alert.acknowledge", alert.key.dedup, taken.note, detail)
    news = f"{taken.words[0].upper()}{taken.words[1:]}."
    hushed = ESCALATED if alert.hushed == ESCALATED else taken.words
    return Deed(replace(alert, acknowledged=taken, hushed=hushed), Notice.ACKNOWLEDGED, news, line)


def give_back(alert: Alert, by: str, note: str, now: float) -> Deed:
    """Takes an acknowledgement back: people are told again if its condition is still met. `Unacknowledged` where there is none."""
    if alert.acknowledged is None:
        raise Unacknowledged(f"nobody has acknowledged {alert.key.dedup}")
    line = AuditLine(now, by, "alert.unacknowledge", alert.key.dedup, note, {"incident": alert.number})
    said = f": {note}" if note else ""
    return Deed(replace(alert, acknowledged=None), Notice.NOTED, f"No longer acknowledged, by {by}{said}.", line)


def write_down(alert: Alert, note: Note) -> Deed:
    """Writes something down about it."""
    line = AuditLine(note.at, note.by, "alert.note", alert.key.dedup, note.text, {"incident": alert.number})
    notes = (*alert.notes, note)[-MOST_NOTES:]
    return Deed(replace(alert, notes=notes), Notice.NOTED, note.words, line, note)


def judged(ended: EndedAlert, verdict: AlertVerdict) -> AuditLine:
    """The line of the audit log when somebody says whether an alert was useful."""
    detail = {"useful": verdict.useful, "incident": ended.alert.number}
    return AuditLine(verdict.at, verdict.by, "alert.verdict", ended.alert.key.dedup, verdict.note, detail)
