"""From an alert and what is known of its subject to the notification that goes out: labels, texts, facts and links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ...slo import HOUR, MINUTE, SLO, Interval, Status
from ..alert import Alert, AlertKey, AlertKind, Subject
from ..links import links, slo_url
from ..names import (
    ALERT_AT_RISK,
    ALERT_BURN,
    ALERT_CERTIFICATE,
    ALERT_EXHAUSTED,
    ALERT_NO_DATA,
    ALERT_TRAFFIC,
    ANNOTATION_DASHBOARD,
    ANNOTATION_DESCRIPTION,
    ANNOTATION_EXPLANATION,
    ANNOTATION_RUNBOOK,
    ANNOTATION_SILENCE,
    ANNOTATION_SUMMARY,
    ANNOTATION_TRACE,
    LABEL_ALERTNAME,
    LABEL_SERVICE,
    LABEL_SEVERITY,
    LABEL_SLO,
)
from ..notification import Action, Link, Notification
from ..state import Firing
from ..words import Words
from .context import Context
from .plain import DESCRIPTION_MOST, clipped_bytes, flowing, plain, sentence
from .sources import Sources
from .telling import BURNS, beginning, end, rule_met
from .wording import ACKNOWLEDGED, NEWS, Wording

MOST_TOLD: Final = 50
"""Messages of one round that say what fails and what changed: each asks for some milliseconds, and a page does not wait for many."""

ALERT_NAMES: Final[Mapping[AlertKind, str]] = MappingProxyType(
    {
        AlertKind.NO_DATA: ALERT_NO_DATA,
        AlertKind.PAGE: ALERT_BURN,
        AlertKind.TICKET: ALERT_BURN,
        AlertKind.TRAFFIC_COLLAPSE_PAGE: ALERT_TRAFFIC,
        AlertKind.TRAFFIC_COLLAPSE: ALERT_TRAFFIC,
        AlertKind.CERTIFICATE_PAGE: ALERT_CERTIFICATE,
        AlertKind.CERTIFICATE: ALERT_CERTIFICATE,
        AlertKind.EXHAUSTED: ALERT_EXHAUSTED,
        AlertKind.AT_RISK: ALERT_AT_RISK,
    }
)
"""What each kind is called in labels."""


class Writer:
    """Writes the messages of one round, at `now` (epoch seconds).

    `explain` says how a status came about; `sources` know what fails and what changed, and have the texts.
    """

    def __init__(
        self,
        public_url: str,
        explain: Callable[[Status], str],
        now: float,
        sources: Sources | None = None,
    ) -> None:
        self._public_url = public_url.rstrip("/")
        self._explain = explain
        self._now = now
        sources = sources or Sources()
        self._contexts = sources.contexts
        self._templates = sources.templates
        self._left = MOST_TOLD

    def opened(self, key: AlertKey, status: Status | None, firing: Firing, words: Words | None = None) -> Alert:
        """The alert that fires, in words made from the status it fired at, or in those of its condition."""
        named = labels(key, None if status is None else status.slo)
        slo = "" if status is None else status.slo.name
        made = Alert(key, slo, named[LABEL_SERVICE], named, _reason(key.kind, status, words), "", firing)
        return replace(made, summary=self._templates.summary(beginning(made, status, None, words)))

    def triggers(self, alert: Alert, status: Status | None, words: Words | None = None, news: str = "") -> Notification:
        """The beginning of an incident, or that it still goes on; `news` says which."""
        context = self._context(alert, status, self._since(alert, status))
        return self._notification(
            alert, Action.TRIGGER, beginning(alert, status, context, words, news), status, context, None
        )

    def updates(
        self, alert: Alert, news: str, *, acknowledged: bool = False, last: Notification | None = None
    ) -> Notification:
        """Something that happened to an incident: the last message about it, and the news before it."""
        action = Action.ACKNOWLEDGE if acknowledged else Action.UPDATE
        said = last or self._notification(
            alert, action, beginning(alert, None, None, _as_it_was(alert)), None, None, None
        )
        texts = {**said.annotations, ANNOTATION_DESCRIPTION: _description(said, news)}
        return replace(said, action=action, ends_at=None, annotations=texts, details=_details(said, alert, news))

    def resolves(self, alert: Alert, status: Status | None, now: float, words: Words | None = None) -> Notification:
        """The end of an incident; `status` is None when its SLO is gone."""
        context = self._context(alert, status, alert.began - _short(alert, status))
        return self._notification(alert, Action.RESOLVE, end(alert, status, context, words, now), status, context, now)

    def _notification(
        self,
        alert: Alert,
        action: Action,
        wording: Wording,
        status: Status | None,
        context: Context | None,
        ended: float | None,
    ) -> Notification:
        found = self._links(alert, status, context)
        texts = {
            ANNOTATION_SUMMARY: self._templates.summary(wording),
            ANNOTATION_DESCRIPTION: self._templates.description(wording),
            **({} if status is None else {ANNOTATION_EXPLANATION: self._explain(status)}),
            **found,
        }
        url = slo_url(self._public_url, alert.slo) if alert.slo else f"{self._public_url}/"
        shown = tuple(Link(text, found[name]) for name, text in _LINKS.items() if name in found)
        return Notification(
            action, alert.key.dedup, alert.labels, texts, alert.firing.since, ended, url, wording.details, shown
        )

    def _links(self, alert: Alert, status: Status | None, context: Context | None) -> dict[str, str]:
        """Where to read on, by annotation."""
        found = {} if status is None else links(status.slo, self._public_url)
        if context is not None and context.example is not None:
            found[ANNOTATION_TRACE] = f"{self._public_url}/api/v1/traces/{context.example.trace}"
        if alert.slo:
            found[ANNOTATION_SILENCE] = f"{slo_url(self._public_url, alert.slo)}#silence"
        return found

    def _since(self, alert: Alert, status: Status | None) -> float:
        """From when on failures tell what fails now: the short window of the rule that holds."""
        rule = None if status is None or alert.key.kind not in BURNS else rule_met(status, alert.severity)
        return self._now - (HOUR if rule is None else rule.short.seconds)

    def _context(self, alert: Alert, status: Status | None, since: float) -> Context | None:
        """What is known beside the numbers; of a service that is silent, or that nobody calls, only what changed."""
        if status is None or not self._left:
            return None
        self._left -= 1
        interval = Interval(int(since) // MINUTE * MINUTE, int(self._now) // MINUTE * MINUTE + MINUTE)
        known = self._contexts.context(status.slo, interval)
        about_service = alert.key.kind.subject is Subject.SERVICE
        return Context(interval, rollout=known.rollout) if about_service else known


_LINKS: Final = {
    ANNOTATION_RUNBOOK: "Runbook",
    ANNOTATION_DASHBOARD: "Dashboard",
    ANNOTATION_TRACE: "Trace",
    ANNOTATION_SILENCE: "Silence",
}


def labels(key: AlertKey, slo: SLO | None) -> dict[str, str]:
    """The SLO's own labels, and over them those that receivers route, group and inhibit by; where there is no SLO, the service's name."""
    own = {} if slo is None else {**slo.labels, LABEL_SLO: slo.name}
    service = key.name if slo is None else slo.sli.service if key.kind.subject is Subject.SERVICE else slo.service
    return {
        **own,
        LABEL_ALERTNAME: ALERT_NAMES[key.kind],
        LABEL_SERVICE: service,
        LABEL_SEVERITY: key.kind.severity.value,
    }


def _reason(kind: AlertKind, status: Status | None, words: Words | None) -> str:
    if words is not None:
        return words.reason
    assert status is not None, "where no condition says why, a status does"
    if kind is AlertKind.NO_DATA:
        return status.reason
    return next(rule.reason for rule in status.rules if rule.severity is kind.severity)


def _short(alert: Alert, status: Status | None) -> int:
    """Seconds before an alert in which what made it fire may have failed: the shortest of its rules' windows."""
    if status is None or alert.key.kind not in BURNS:
        return 0
    return min((rule.short.seconds for rule in status.slo.rules if rule.severity is alert.severity), default=0)


def _as_it_was(alert: Alert) -> Words:
    """What an alert said when it fired, where no message of it is left."""
    return Words(alert.summary, alert.summary, alert.reason)


def _description(said: Notification, news: str) -> str:
    """A message's text, with what is new in place of what was new before."""
    before = sentence(said.details.get(NEWS, ""))
    text = said.annotations.get(ANNOTATION_DESCRIPTION, "").removeprefix(before)
    return clipped_bytes(flowing(f"{sentence(plain(news))} {text}"), DESCRIPTION_MOST)


def _details(said: Notification, alert: Alert, news: str) -> dict[str, str]:
    """A message's facts, with what is new and who has taken it on now."""
    held = alert.acknowledged
    told = {name: text for name, text in said.details.items() if name not in (NEWS, ACKNOWLEDGED)}
    return {NEWS: plain(news), **told, **({} if held is None else {ACKNOWLEDGED: plain(held.words)})}
