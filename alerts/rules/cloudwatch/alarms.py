"""The alarms of one SLO: the burn rate over each window, and of these a page and a ticket.

The alarms of single windows tell nobody. The page is `ALARM(long) AND ALARM(short)` for any of its pairs; the ticket likewise, and what it
would do is suppressed while the page is in alarm, as is a page while one that the SLO depends on is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ....slo import SLO, BurnRule, Severity, Window, figures
from ...links import links
from ...names import ANNOTATION_DASHBOARD, ANNOTATION_RUNBOOK
from ..slug import slug
from .emf_counts import emf_counts
from .limits import LONGEST_DESCRIPTION, LONGEST_NAME, can_look_back
from .resource import COMPOSITE_ALARM, METRIC_ALARM, Resource

Json = dict[str, Any]

TOPICS: Final = {Severity.PAGE: {"Ref": "PageTopicArn"}, Severity.TICKET: {"Ref": "TicketTopicArn"}}
"""Parameters: the SNS topics that are told."""

_TICKET_WAITS: Final = 120
"""Seconds a ticket waits for its page, whose alarms are evaluated each minute as its own are."""
_TICKET_AFTER: Final = 300
_LONGEST_STEM: Final = LONGEST_NAME - 60


def stem(name: str) -> str:
    """What the names of all alarms of an SLO begin with: of letters, digits, `-` and `_`, and no other SLO's."""
    return f"slo-{slug(name, _LONGEST_STEM)}"


def alarm_name(name: str, severity: Severity) -> str:
    """The alarm of an SLO that tells somebody."""
    return f"{stem(name)}-{severity.value}"


def rules_said(slo: SLO) -> Sequence[BurnRule]:
    """Those of its rules whose windows an alarm can look back over."""
    return [rule for rule in slo.rules if can_look_back(rule.long) and can_look_back(rule.short)]


@dataclass(frozen=True, slots=True)
class SloAlarms:
    """The alarms of one SLO; `public_url` is where its page is, `parents` are those it depends on that have an alarm that pages."""

    slo: SLO
    public_url: str
    parents: tuple[str, ...] = ()

    def resources(self) -> Iterator[Resource]:
        """Those of its windows, then those that tell somebody, which are made of them."""
        made: dict[str, Resource] = {}
        for severity in Severity:
            rules = [rule for rule in rules_said(self.slo) if rule.severity is severity]
            if not rules:
                continue
            pairs = [(self._window(rule, rule.long, "long"), self._window(rule, rule.short, "short")) for rule in rules]
            made |= {alarm.name: alarm for pair in pairs for alarm in pair}
            made |= {alarm.name: alarm for alarm in self._told(severity, rules, pairs)}
        yield from made.values()

    def _window(self, rule: BurnRule, window: Window, role: str) -> Resource:
        counts, factor = emf_counts(self.slo), rule.factor(self.slo.window)
        guarded = rule.severity is Severity.PAGE and role == "long"
        name = f"{stem(self.slo.name)}-{rule.severity.value}-{window}-{role}-{figures.factor(factor)}x"
        burn = {
            "Id": "burn",
            "Expression": counts.burn(self.slo.min_bad_events if guarded else 1),
            "Label": f"burn rate over {window}",
            "ReturnData": True,
        }
        properties = {
            "AlarmName": name,
            "AlarmDescription": f"{self.slo.name} burns above {figures.factor(factor)}x over {window}: part of an alarm that tells.",
            "ActionsEnabled": False,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": float(factor),
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "TreatMissingData": "notBreaching",
            "Metrics": [burn, counts.total(window.seconds), counts.part(window.seconds)],
        }
        return Resource(METRIC_ALARM, name, _short(properties))

    def _told(
        self, severity: Severity, rules: Sequence[BurnRule], pairs: Sequence[tuple[Resource, Resource]]
    ) -> Iterator[Resource]:
        name = alarm_name(self.slo.name, severity)
        children = dict.fromkeys(alarm.name for pair in pairs for alarm in pair)
        suppressor, properties = (
            "",
            {
                "AlarmName": name,
                "AlarmDescription": self._description(rules),
                "AlarmRule": " OR ".join(
                    f"(ALARM({_quoted(long)}) AND ALARM({_quoted(short)}))" for long, short in pairs
                ),
                "ActionsEnabled": True,
                "AlarmActions": [TOPICS[severity]],
                "OKActions": [TOPICS[severity]],
            },
        )
        if severity is Severity.TICKET and any(rule.severity is Severity.PAGE for rule in rules_said(self.slo)):
            suppressor = alarm_name(self.slo.name, Severity.PAGE)
            properties |= _suppressed(suppressor, _TICKET_WAITS, _TICKET_AFTER)
        elif severity is Severity.PAGE and self.parents:
            held = self._held()
            suppressor = held.name
            properties |= _suppressed(suppressor, 0, 0)
            yield held
        after = (*children, *([suppressor] if suppressor else ()))
        yield Resource(COMPOSITE_ALARM, name, _short(properties), after)

    def _held(self) -> Resource:
        """In alarm while one of those pages that the SLO depends on: an alarm has one suppressor."""
        name, pages = f"{stem(self.slo.name)}-held", tuple(alarm_name(each, Severity.PAGE) for each in self.parents)
        properties = {
            "AlarmName": name,
            "AlarmDescription": f"One that {self.slo.name} depends on burns: while it does, the page of {self.slo.name} is held back.",
            "AlarmRule": " OR ".join(f'ALARM("{each}")' for each in pages),
            "ActionsEnabled": False,
        }
        return Resource(COMPOSITE_ALARM, name, _short(properties), pages)

    def _description(self, rules: Sequence[BurnRule]) -> str:
        """What to do first, because it is what must not be cut."""
        slo, found = self.slo, links(self.slo, self.public_url)
        limits = ", or ".join(f"{figures.factor(r.factor(slo.window))}x over {r.long} and {r.short}" for r in rules)
        lines = [
            f"{slo.name} burns its error budget.",
            f"Runbook: {found[ANNOTATION_RUNBOOK]}" if ANNOTATION_RUNBOOK in found else "",
            f"Page: {found[ANNOTATION_DASHBOARD]}",
            f"The promise: {figures.objective(slo.objective)} over {slo.window}. It burns above {limits}.",
        ]
        return "\n".join(filter(None, lines))


def _quoted(alarm: Resource) -> str:
    return f'"{alarm.name}"'


def _suppressed(by: str, wait: int, extension: int) -> Json:
    return {
        "ActionsSuppressor": by,
        "ActionsSuppressorWaitPeriod": wait,
        "ActionsSuppressorExtensionPeriod": extension,
    }


def _short(properties: Json) -> Json:
    return {**properties, "AlarmDescription": properties["AlarmDescription"][:LONGEST_DESCRIPTION]}
