"""From an alert and the status of its SLO to the notification that goes out: labels, texts and links."""

from __future__ import annotations

from collections.abc import Mapping

from ...slo import SLO, Status
from ..alert import Alert, AlertKey, AlertKind
from ..links import links, slo_url
from ..names import (
    ALERT_BURN,
    ALERT_NO_DATA,
    ANNOTATION_DESCRIPTION,
    ANNOTATION_EXPLANATION,
    ANNOTATION_SUMMARY,
    LABEL_ALERTNAME,
    LABEL_SERVICE,
    LABEL_SEVERITY,
    LABEL_SLO,
)
from ..notification import Action, Notification
from ..state import Firing
from .message import Message, burning, resolved, silent


def opened(key: AlertKey, status: Status, firing: Firing) -> Alert:
    """The alert that fires, in words made from the status it fired at."""
    message = message_of(key.kind, status, firing.since)
    slo = status.slo
    named = labels(key.kind, slo)
    return Alert(key, slo.name, named[LABEL_SERVICE], named, _reason(key.kind, status), message.summary, firing)


def triggers(alert: Alert, status: Status, public_url: str, explanation: str) -> Notification:
    """The beginning of an incident."""
    message = message_of(alert.key.kind, status, alert.firing.since)
    return _notification(alert, Action.TRIGGER, message, None, public_url, _background(status, public_url, explanation))


def resolves(alert: Alert, status: Status | None, now: float, public_url: str, explanation: str) -> Notification:
    """The end of an incident; `status` is None when its SLO is gone."""
    message = resolved(alert.summary, status, alert.firing.since, now)
    background = {} if status is None else _background(status, public_url, explanation)
    return _notification(alert, Action.RESOLVE, message, now, public_url, background)


def message_of(kind: AlertKind, status: Status, since: float) -> Message:
    """What an alert of this kind says about this status."""
    return silent(status, since) if kind is AlertKind.NO_DATA else burning(status, kind.severity, since)


def labels(kind: AlertKind, slo: SLO) -> dict[str, str]:
    """The SLO's own labels, and over them those that receivers route, group and inhibit by."""
    return {
        **slo.labels,
        LABEL_ALERTNAME: ALERT_NO_DATA if kind is AlertKind.NO_DATA else ALERT_BURN,
        LABEL_SLO: slo.name,
        LABEL_SERVICE: slo.sli.service if kind is AlertKind.NO_DATA else slo.service,
        LABEL_SEVERITY: kind.severity.value,
    }


def _background(status: Status, public_url: str, explanation: str) -> dict[str, str]:
    return {ANNOTATION_EXPLANATION: explanation, **links(status.slo, public_url)}


def _notification(
    alert: Alert, action: Action, message: Message, ended: float | None, public_url: str, background: Mapping[str, str]
) -> Notification:
    texts = {ANNOTATION_SUMMARY: message.summary, ANNOTATION_DESCRIPTION: message.description, **background}
    url = slo_url(public_url, alert.slo)
    return Notification(action, alert.key.dedup, alert.labels, texts, alert.firing.since, ended, url)


def _reason(kind: AlertKind, status: Status) -> str:
    if kind is AlertKind.NO_DATA:
        return status.reason
    return next(rule.reason for rule in status.rules if rule.severity is kind.severity)
