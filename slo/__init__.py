"""The domain: SLOs, error budgets and burn rates, in exact arithmetic and without any technology.

    counts (EventSource) -> Evaluator.at(now) -> Evaluation -> Status -> summarise()

Nothing here reads a clock, a socket or a file; `now` is always a parameter, in epoch seconds.
"""

from .budget import ErrorBudget
from .burn import WORKBOOK, BurnRule, Severity, burn_rate
from .classify import CLASSIFYING_KEYS, OPERATIONAL_ROUTES, SPAN_STATUS, Attribute, Attributes, Verdict, availability
from .errors import Fault, InvalidValue, SLOError, SpecError
from .evaluate import Evaluation, Evaluator, evaluate
from .events import EventCount
from .objective import Objective
from .sli import HTTP_CLIENT_DURATION, HTTP_SERVER_DURATION, SLI, SPANS, Condition, SLIKind, SpanKind
from .slo import DEFAULT_WINDOW, MIN_BAD_EVENTS, SLO, Method, NoData, Origin
from .source import EventSource, HistoryPoint, Observation
from .status import STATES, RuleStatus, State, Status
from .summary import summarise, timestamp
from .window import BUCKET, DAY, HOUR, MINUTE, TIERS, Interval, Tier, Window, tier_at

__all__ = [
    "BUCKET",
    "CLASSIFYING_KEYS",
    "DAY",
    "DEFAULT_WINDOW",
    "HOUR",
    "HTTP_CLIENT_DURATION",
    "HTTP_SERVER_DURATION",
    "MINUTE",
    "MIN_BAD_EVENTS",
    "OPERATIONAL_ROUTES",
    "SLI",
    "SLO",
    "SPANS",
    "SPAN_STATUS",
    "STATES",
    "TIERS",
    "WORKBOOK",
    "Attribute",
    "Attributes",
    "BurnRule",
    "Condition",
    "ErrorBudget",
    "Evaluation",
    "Evaluator",
    "EventCount",
    "EventSource",
    "Fault",
    "HistoryPoint",
    "Interval",
    "InvalidValue",
    "Method",
    "NoData",
    "Objective",
    "Observation",
    "Origin",
    "RuleStatus",
    "SLIKind",
    "SLOError",
    "Severity",
    "SpanKind",
    "SpecError",
    "State",
    "Status",
    "Tier",
    "Verdict",
    "Window",
    "availability",
    "burn_rate",
    "evaluate",
    "summarise",
    "tier_at",
    "timestamp",
]
