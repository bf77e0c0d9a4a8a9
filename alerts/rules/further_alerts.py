"""The alerts of an SLO beside those of its burn: that nothing is known of it, and that its budget is spent."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from ...slo import Severity, State, figures, metric_names
from .. import names
from ..alert import AlertKind
from . import go_template
from .alert_rule import AlertForm, PrometheusRule
from .subject import Judged

EXHAUSTED: Final = "exhausted"
"""How the annotation that switches alerts off calls the ticket of a spent budget."""

ABSENT_FOR: Final = "2m"
"""A collector that starts anew is away for less, and a scrape that fails ends its series at once."""


def no_data(form: AlertForm, *, counted: bool) -> PrometheusRule:
    """A page while there is nothing of the SLO, or every collector says that its service, which was heard before, is silent.

    Without it a collector that nobody scrapes looks like one of which nothing burns. The collector also calls those SLOs silent of which
    it never heard: these have no events, and `counted` says whether they have a counter of them; others have no burn rate.
    """
    subject = form.subject
    silent = subject.exposed(metric_names.STATE, state=State.NO_DATA.value)
    events, burn = subject.exposed(metric_names.EVENTS), subject.exposed(metric_names.BURN_RATE)
    heard = f"sum({events}) > 0" if counted else f"count({burn})"
    return form.rule(
        names.ALERT_NO_DATA,
        Severity.PAGE,
        f"max(absent({events if counted else silent}) or (min({silent}) == 1 and {heard}))",
        f"{subject.text.name}: nothing is known of {go_template.literal(subject.slo.service)}",
        "Its service reports nothing, or Prometheus has nothing of the collector: it is down, not scraped, or knows no such SLO."
        " Nothing of its budget can be judged until then.",
        wait=ABSENT_FOR,
    )


def exhausted(form: AlertForm, spent: str, guard: str) -> PrometheusRule:
    """A ticket once all of the budget is spent; at the boundary it is one, and not many.

    `spent` is the share of it that is, and `guard` what must hold too, if anything.
    """
    slo, kept = form.subject.slo, f"\nand {form.subject.on} ({guard})" if guard else ""
    return form.rule(
        names.ALERT_EXHAUSTED,
        Severity.TICKET,
        f"{spent} >= 1{kept}\n",
        f"{form.subject.text.name} has spent its error budget",
        f"The promise: {figures.objective(slo.objective)} over {slo.window}."
        " {{ $value | humanizePercentage }} of what may fail in that time did:"
        " it is broken until enough of that is past.",
        holds=AlertKind.EXHAUSTED.hold_seconds,
    )


def spent_by_counts(subject: Judged, burn: str, step: int) -> str:
    """The share of the budget that is spent, where the time from before the rules were there counts as traffic at the seen rate.

    `burn` is the rate over what was seen of the window. The counters' copies have a sample every `step` seconds: so many were seen.
    """
    window = subject.slo.window.rolling
    samples = subject.each("max", f"count_over_time({subject.copies()}[{window}])")
    seen = f"{samples} / {figures.exact(Fraction(window.seconds, step))}"
    return f"{burn} * {subject.on} group_left () clamp_max({seen}, 1)"
