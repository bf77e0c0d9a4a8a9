"""The domain: SLOs, error budgets and burn rates, in exact arithmetic and without any technology.

    counts (EventSource) -> Evaluator.at(now) -> Evaluation -> Status -> summarise(), explain()

    SLO files -> load_slos -> SLO

Nothing here reads a clock or a socket, and nothing but `load_slos` a file; `now` is always a parameter, in epoch seconds.
"""

from .advice import HTTP_BOUNDARIES, advise
from .annotations import DASHBOARD, OWNER, RUNBOOK, link
from .budget import ErrorBudget
from .burn import WORKBOOK, BurnRule, Severity, burn_rate
from .calendar_window import FIRST_MONDAY, CalendarUnit, CalendarWindow, TimeWindow, parse_window
from .classify import CLASSIFYING_KEYS, OPERATIONAL_ROUTES, SPAN_STATUS, Attribute, Attributes, Verdict, availability
from .composite import Composite, Member, Rule, combine_bad_slices, weigh
from .correction import Correction, merged
from .errors import Fault, InvalidValue, Place, SLOError, SpecError
from .evaluate import Evaluator, evaluate
from .evaluation import Evaluation
from .events import EventCount
from .explanation import Explanation, explain, explain_by_subject, likelihood, outlook
from .forecast import Chance, Exhaustion, chance, exhaustion
from .layout import Layout
from .objective import Objective
from .openslo import SloFiles, load_slos, write_openslo
from .promise import allowance, promise
from .queries import Queries
from .sli import (
    HTTP_CLIENT_DURATION,
    HTTP_SERVER_DURATION,
    MESSAGE_DURATION,
    OPERATION_DURATION,
    PROBE,
    PROMQL,
    SLI,
    SLOS,
    SPANS,
    XRAY,
    Condition,
    SLIKind,
    SpanKind,
)
from .slices import Slices, bad_slices, slice_parts
from .slo import DEFAULT_WINDOW, MAX_GROUPS, MIN_BAD_EVENTS, SLO, Method, NoData, Origin
from .source import EventSource, FakeEventSource, HistoryPoint, Observation
from .status import STATES, State, Status
from .summary import foresee, summarise, timestamp
from .unit import PARTS, Unit
from .window import BUCKET, DAY, HOUR, MINUTE, TIERS, Interval, Tier, Window, tier_at

__all__ = [
    "BUCKET",
    "CLASSIFYING_KEYS",
    "DASHBOARD",
    "DAY",
    "DEFAULT_WINDOW",
    "FIRST_MONDAY",
    "HOUR",
    "HTTP_BOUNDARIES",
    "HTTP_CLIENT_DURATION",
    "HTTP_SERVER_DURATION",
    "MAX_GROUPS",
    "MESSAGE_DURATION",
    "MINUTE",
    "MIN_BAD_EVENTS",
    "OPERATIONAL_ROUTES",
    "OPERATION_DURATION",
    "OWNER",
    "PARTS",
    "PROBE",
    "PROMQL",
    "RUNBOOK",
    "SLI",
    "SLO",
    "SLOS",
    "SPANS",
    "SPAN_STATUS",
    "STATES",
    "TIERS",
    "WORKBOOK",
    "XRAY",
    "Attribute",
    "Attributes",
    "BurnRule",
    "CalendarUnit",
    "CalendarWindow",
    "Chance",
    "Composite",
    "Condition",
    "Correction",
    "ErrorBudget",
    "Evaluation",
    "Evaluator",
    "EventCount",
    "EventSource",
    "Exhaustion",
    "Explanation",
    "FakeEventSource",
    "Fault",
    "HistoryPoint",
    "Interval",
    "InvalidValue",
    "Layout",
    "Member",
    "Method",
    "NoData",
    "Objective",
    "Observation",
    "Origin",
    "Place",
    "Queries",
    "Rule",
    "SLIKind",
    "SLOError",
    "Severity",
    "Slices",
    "SloFiles",
    "SpanKind",
    "SpecError",
    "State",
    "Status",
    "Tier",
    "TimeWindow",
    "Unit",
    "Verdict",
    "Window",
    "advise",
    "allowance",
    "availability",
    "bad_slices",
    "burn_rate",
    "chance",
    "combine_bad_slices",
    "evaluate",
    "exhaustion",
    "explain",
    "explain_by_subject",
    "foresee",
    "likelihood",
    "link",
    "load_slos",
    "merged",
    "outlook",
    "parse_window",
    "promise",
    "slice_parts",
    "summarise",
    "tier_at",
    "timestamp",
    "weigh",
    "write_openslo",
]
