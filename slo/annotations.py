"""What OpenSLO v1 has no key for stands in annotations under `fournines/`: each is a text, and each is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from .burn import BurnRule, Severity
from .calendar_window import TimeWindow, parse_window
from .errors import Fault, InvalidValue, Place
from .slo import SLO, NoData
from .window import Window

Item = TypeVar("Item")

PREFIX: Final = "fournines/"

RUNBOOK: Final = "fournines/runbook"
DASHBOARD: Final = "fournines/dashboard"
OWNER: Final = "fournines/owner"
TIER: Final = "fournines/tier"
BURN_RULES: Final = "fournines/burn-rules"
MIN_BAD_EVENTS_KEY: Final = "fournines/min-bad-events"
NO_DATA: Final = "fournines/no-data"
WINDOWS: Final = "fournines/windows"
DEPENDS_ON: Final = "fournines/depends-on"
GROUP_BY: Final = "fournines/group-by"
MAX_GROUPS_KEY: Final = "fournines/max-groups"
ALERTS_OFF: Final = "fournines/alerts-off"
TRAFFIC_COLLAPSE: Final = "fournines/traffic-collapse"
CORRECTIONS: Final = "fournines/corrections"
"""A YAML list in a text, so `openslo` reads it."""

SWITCHES: Final = ("exhausted", "at-risk", "traffic-collapse", "certificate")
"""The alerts beside burn and no data, by what switches them off."""

MOST_GROUPS: Final = 10_000
_MOST_LABELS: Final = 8
_MOST_WINDOWS: Final = 6

_RULE: Final = re.compile(r"(\w+)\s+([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%\s+(\w+)\s+(\w+)")
_EXAMPLE: Final = "page 2% 1h 5m; ticket 10% 3d 6h"
_TIER: Final = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
_ATTRIBUTE: Final = re.compile(r"[\w.\-]{1,255}")


def parse_burn_rules(text: str) -> tuple[BurnRule, ...]:
    """Reads `page 2% 1h 5m; ticket 10% 3d 6h`: severity, share of the budget, long and short window; `none` for no rule at all."""
    if text.strip() == "none":
        return ()
    return tuple(_burn_rule(part.strip()) for part in text.rstrip("; \n").split(";"))


def _burn_rule(text: str) -> BurnRule:
    match = _RULE.fullmatch(text)
    if match is None:
        raise InvalidValue(f"{text!r} is no burn rule; write {_EXAMPLE!r}, or 'none'")
    severity, percent, long, short = match.groups()
    return BurnRule(parse_severity(severity), Fraction(percent) / 100, Window.parse(long), Window.parse(short))


def parse_count(text: str) -> int:
    """Reads a whole number of 1 or more."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise InvalidValue(f"{text!r} is no whole number of 1 or more")
    return int(text)


def parse_max_groups(text: str) -> int:
    """Reads a whole number from 1 to `MOST_GROUPS`."""
    if (number := parse_count(text)) > MOST_GROUPS:
        raise InvalidValue(f"at most {MOST_GROUPS:,} groups are counted, not {number:,}")
    return number


def parse_windows(text: str) -> tuple[TimeWindow, ...]:
    """Reads `7d, 1M, 1Q Europe/Berlin`: rolling windows, and calendars' months, quarters and years, in UTC where no zone is said."""
    return _listed(text, _window, "window", _MOST_WINDOWS)


def _window(text: str) -> TimeWindow:
    duration, _, zone = text.partition(" ")
    window = parse_window(duration, zone=zone.strip() or "UTC")
    if zone and isinstance(window, Window):
        raise InvalidValue(f"{duration} is a rolling window, and has no time zone")
    return window


def parse_depends_on(text: str) -> tuple[str, ...]:
    """Reads names of SLOs: `accounts-availability, users-availability`."""
    return _listed(text, lambda name: name, "name", 100)


def parse_group_by(text: str) -> tuple[str, ...]:
    """Reads names of attributes: `http.route, tenant`."""
    return _listed(text, _attribute, "attribute", _MOST_LABELS)


def _attribute(text: str) -> str:
    if not _ATTRIBUTE.fullmatch(text):
        raise InvalidValue(f"{text!r} is no name of an attribute; write http.route")
    return text


def _listed(text: str, parse: Callable[[str], Item], noun: str, most: int) -> tuple[Item, ...]:
    """What stands between commas, each once."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InvalidValue(f"{text!r} holds an empty {noun}; write each after a comma")
    if len(set(parts)) < len(parts):
        raise InvalidValue(f"{text!r} holds a {noun} twice")
    if len(parts) > most:
        raise InvalidValue(f"holds {len(parts)} {noun}s, and at most {most} are read")
    return tuple(map(parse, parts))


def parse_alerts_off(text: str) -> tuple[str, ...]:
    """Reads which alerts beside burn an SLO is without: `exhausted, at-risk`."""
    return _listed(text, _switch, "alert", len(SWITCHES))


def _switch(text: str) -> str:
    if text not in SWITCHES:
        raise InvalidValue(f"{text!r} is no alert that can be switched off; there are {', '.join(SWITCHES)}")
    return text


def parse_severity(text: str) -> Severity:
    """Reads `page` or `ticket`."""
    if text not in {each.value for each in Severity}:
        raise InvalidValue(f"{text!r} is no severity; write page or ticket")
    return Severity(text)


def parse_tier(text: str) -> str:
    """Reads one word: it becomes a label."""
    if not _TIER.fullmatch(text):
        raise InvalidValue(f"{text!r} is no tier; write one word, such as 1 or critical")
    return text


def parse_no_data(text: str) -> NoData:
    """Reads `bad`, `good` or `ignore`."""
    if text not in {each.value for each in NoData}:
        raise InvalidValue(f"{text!r} is neither bad, good nor ignore")
    return NoData(text)


def parse_link(text: str) -> str:
    """Reads an absolute http or https address: it becomes a link on pages and in alerts, and nothing else may."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
        raise InvalidValue(f"{text!r} is no address; write https://...")
    return text


def parse_owner(text: str) -> str:
    """Reads any text but an empty one."""
    if not text.strip():
        raise InvalidValue("is empty; write who keeps the promise")
    return text


def link(slo: SLO, annotation: str) -> str | None:
    """The address in an annotation of an SLO; None where there is none, or none that may become a link."""
    try:
        return parse_link(slo.annotations.get(annotation, ""))
    except InvalidValue:
        return None


def alerts_off(slo: SLO) -> frozenset[str]:
    """The alerts beside burn that an SLO is without, by their `SWITCHES`; none where the annotation says nothing, or what nobody knows."""
    try:
        return frozenset(parse_alerts_off(slo.annotations.get(ALERTS_OFF, "")))
    except InvalidValue:
        return frozenset()


def traffic_collapse(slo: SLO) -> Severity:
    """Whether a collapse of an SLO's traffic is a page; a ticket, where nobody says so."""
    return Severity.PAGE if slo.annotations.get(TRAFFIC_COLLAPSE) == Severity.PAGE.value else Severity.TICKET


def without_runbook(slos: Iterable[SLO]) -> tuple[Fault, ...]:
    """The SLOs that wake somebody without saying what to do, each as a fault that says so: `check --strict` fails for it."""
    message = f"pages somebody without saying what to do; add the annotation {RUNBOOK}"
    return tuple(
        Fault(place.file, place.line, slo.name, message, place.column)
        for slo in slos
        for place in [slo.place or Place("", 0)]
        if RUNBOOK not in slo.annotations and any(rule.severity is Severity.PAGE for rule in slo.rules)
    )


ANNOTATIONS: Final[Mapping[str, Callable[[str], Any]]] = {
    RUNBOOK: parse_link,
    DASHBOARD: parse_link,
    OWNER: parse_owner,
    TIER: parse_tier,
    BURN_RULES: parse_burn_rules,
    MIN_BAD_EVENTS_KEY: parse_count,
    NO_DATA: parse_no_data,
    WINDOWS: parse_windows,
    DEPENDS_ON: parse_depends_on,
    GROUP_BY: parse_group_by,
    MAX_GROUPS_KEY: parse_max_groups,
    ALERTS_OFF: parse_alerts_off,
    TRAFFIC_COLLAPSE: parse_severity,
}
"""Every annotation under `fournines/` but the corrections, and who reads it; each raises `InvalidValue`."""
