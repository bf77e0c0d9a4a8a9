"""What OpenSLO v1 has no key for stands in annotations under `fournines/`: each is a text, and each is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final
from urllib.parse import urlsplit

from .burn import BurnRule, Severity
from .errors import InvalidValue
from .slo import SLO, NoData
from .window import Window

PREFIX: Final = "fournines/"

RUNBOOK: Final = "fournines/runbook"
DASHBOARD: Final = "fournines/dashboard"
OWNER: Final = "fournines/owner"
BURN_RULES: Final = "fournines/burn-rules"
MIN_BAD_EVENTS_KEY: Final = "fournines/min-bad-events"
NO_DATA: Final = "fournines/no-data"

_RULE: Final = re.compile(r"(\w+)\s+([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%\s+(\w+)\s+(\w+)")
_EXAMPLE: Final = "page 2% 1h 5m; ticket 10% 3d 6h"


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
    if severity not in {each.value for each in Severity}:
        raise InvalidValue(f"{severity!r} is no severity; write page or ticket")
    return BurnRule(Severity(severity), Fraction(percent) / 100, Window.parse(long), Window.parse(short))


def parse_min_bad_events(text: str) -> int:
    """Reads a whole number of 1 or more."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise InvalidValue(f"{text!r} is no whole number of 1 or more")
    return int(text)


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


ANNOTATIONS: Final[Mapping[str, Callable[[str], Any]]] = {
    RUNBOOK: parse_link,
    DASHBOARD: parse_link,
    OWNER: parse_owner,
    BURN_RULES: parse_burn_rules,
    MIN_BAD_EVENTS_KEY: parse_min_bad_events,
    NO_DATA: parse_no_data,
}
"""Every annotation under `fournines/`, and who reads it; each raises `InvalidValue`."""
