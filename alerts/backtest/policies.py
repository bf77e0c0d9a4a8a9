"""The policies that are compared: ours, those of the field's generators, and the ones Google's workbook tries on its way.

The workbook is https://sre.google/workbook/alerting-on-slos/ (its six approaches); Sloth's windows are
https://sloth.dev/usage/slo-period-windows/; Pyrra's are `Windows` of slo/rules.go in https://github.com/pyrra-dev/pyrra.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from ...slo import DAY, HOUR, MIN_BAD_EVENTS, MINUTE, SLO, WORKBOOK, BurnRule, InvalidValue, Severity, Window
from ...slo.annotations import parse_burn_rules
from ...slo.imported.pyrra_tiers import PYRRA_TIERS, PyrraTier
from ..errors import BacktestError
from ..state import KEEP_FIRING_SECONDS
from .policy import AlertRule, Clause, Policy

PAGE: Final = Severity.PAGE
TICKET: Final = Severity.TICKET

_FIXED: Final = {"1h": Fraction("14.4"), "6h": Fraction(6), "1d": Fraction(3), "3d": Fraction(1)}
"""The factors of the workbook's table, by long window: those of a budget of 30 days."""


def _alerts(
    rules: Iterable[BurnRule], factor: Callable[[BurnRule], Fraction], *, least: int = 0, keep: int = 0
) -> tuple[AlertRule, ...]:
    """One alert a severity, whichever of its pairs hold; the guard is a page's."""
    clauses: dict[Severity, list[Clause]] = {PAGE: [], TICKET: []}
    for rule in rules:
        guard = least if rule.severity is PAGE else 0
        clauses[rule.severity].append(Clause((rule.long, rule.short), factor(rule), guard))
    return tuple(AlertRule(severity, tuple(found), keep=keep) for severity, found in clauses.items() if found)


def _ours(rules: Sequence[BurnRule], slo: SLO, least: int) -> tuple[AlertRule, ...]:
    return _alerts(rules, lambda rule: rule.factor(slo.window), least=least, keep=KEEP_FIRING_SECONDS)


def _workbook(_slo: SLO) -> tuple[AlertRule, ...]:
    return _alerts(WORKBOOK, lambda rule: _FIXED[str(rule.long)], keep=KEEP_FIRING_SECONDS)


def _sloth(slo: SLO) -> tuple[AlertRule, ...]:
    return _alerts(WORKBOOK, lambda rule: rule.factor(slo.window))


def _pyrra(slo: SLO) -> tuple[AlertRule, ...]:
    return tuple(_tier(tier, slo.window.seconds) for tier in PYRRA_TIERS)


def _tier(tier: PyrraTier, seconds: int) -> AlertRule:
    wait, long, short = tier.seconds(seconds)
    if not short:
        raise BacktestError(f"pyrra has no windows for a budget of {seconds // HOUR} h: the shortest would be 0 s")
    return AlertRule(tier.severity, (Clause((Window(long), Window(short)), Fraction(tier.factor)),), wait=wait)


def _single(severity: Severity, seconds: int, factor: Fraction, wait: int = 0) -> AlertRule:
    return AlertRule(severity, (Clause((Window(seconds),), factor),), wait=wait)


def _spent(slo: SLO, percent: int, seconds: int) -> Fraction:
    """The burn rate that spends so much of the budget in so many seconds."""
    return Fraction(percent * slo.window.seconds, 100 * seconds)


def _target_rate(_slo: SLO) -> tuple[AlertRule, ...]:
    return (_single(PAGE, 10 * MINUTE, Fraction(1)),)


def _increased_window(_slo: SLO) -> tuple[AlertRule, ...]:
    return (_single(PAGE, 36 * HOUR, Fraction(1)),)


def _duration(_slo: SLO) -> tuple[AlertRule, ...]:
    return (_single(PAGE, MINUTE, Fraction(1), wait=HOUR),)


def _burn_rate(slo: SLO) -> tuple[AlertRule, ...]:
    return (_single(PAGE, HOUR, _spent(slo, 5, HOUR)),)


def _burn_rates(slo: SLO) -> tuple[AlertRule, ...]:
    pages = (Clause((Window(hours * HOUR),), _spent(slo, share, hours * HOUR)) for hours, share in ((1, 2), (6, 5)))
    return AlertRule(PAGE, tuple(pages)), _single(TICKET, 3 * DAY, _spent(slo, 10, 3 * DAY))


POLICIES: Final = (
    Policy(
        "fournines",
        "the workbook's pairs as shares of the budget, pages on 3 failures or more",
        lambda slo: _ours(WORKBOOK, slo, MIN_BAD_EVENTS),
        inhibits=True,
    ),
    Policy("workbook", "the workbook's pairs at 14.4, 6, 3 and 1, in our engine, without the guard", _workbook, inhibits=True),
    Policy("sloth", "the same pairs, factors by the budget's window; over at once when clear", _sloth),
    Policy("pyrra", "its four alerts at 14, 7, 2 and 1 over scaled windows, each with its `for`", _pyrra),
    Policy("google-1", "target error rate: 10 m above 1", _target_rate),
    Policy("google-2", "increased alert window: 36 h above 1", _increased_window),
    Policy("google-3", "incrementing alert duration: 1 m above 1 for 1 h", _duration),
    Policy("google-4", "one burn rate: 5 % of the budget in 1 h", _burn_rate),
    Policy("google-5", "several burn rates: 2 % in 1 h or 5 % in 6 h, a ticket for 10 % in 3 d", _burn_rates),
)  # fmt: skip
"""Ours first. `google-1` to `google-5` are the workbook's approaches 1 to 5, on one window each; `workbook` is its sixth."""

FILE: Final = Policy(
    "file", "the rules that the SLO's file says", lambda slo: _ours(slo.rules, slo, slo.min_bad_events), inhibits=True
)

_FAMILIES: Final[Mapping[str, tuple[Policy, ...]]] = {
    **{policy.name: (policy,) for policy in (*POLICIES, FILE)},
    "google-single": tuple(policy for policy in POLICIES if policy.name.startswith("google-")),
    "all": POLICIES,
}


def policies_named(words: Iterable[str]) -> tuple[Policy, ...]:
    """The policies that words mean, each once: names, `google-single` for Google's five, `all`, or a text as in `fournines/burn-rules`.

    Raises BacktestError for any other word.
    """
    found = [policy for word in words for policy in _FAMILIES.get(word) or (_of_text(word),)]
    return tuple({policy.name: policy for policy in found}.values())


def _of_text(text: str) -> Policy:
    try:
        rules = parse_burn_rules(text)
    except InvalidValue as error:
        raise BacktestError(f"{text!r} is no policy ({', '.join(_FAMILIES)}), and as burn rules: {error}") from error
    return Policy(text, "as written", lambda slo: _ours(rules, slo, slo.min_bad_events), inhibits=True)
