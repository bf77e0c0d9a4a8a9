"""The domain: SLOs, error budgets and burn rates, in exact arithmetic and without any technology.

    counts (EventSource) -> Evaluator.at(now) -> Evaluation -> Status -> summarise()

    SLO files -> load_slos -> SLO

Nothing here reads a clock or a socket, and nothing but `load_slos` a file; `now` is always a parameter, in epoch seconds.
"""

from .advice import HTTP_BOUNDARIES, advise
from .annotations import DASHBOARD, OWNER, RUNBOOK, link
from .budget import ErrorBudget
from .burn import WORKBOOK, BurnRule, Severity, burn_rate
from .classify import CLASSIFYING_KEYS, OPERATIONAL_ROUTES, SPAN_STATUS, Attribute, Attributes, Verdict, availability
from .errors import Fault, InvalidValue, Place, SLOError, SpecError
from .evaluate import Evaluator, evaluate
from .evaluation import Evaluation
from .events import EventCount
from .layout import Layout
from .objective import Objective
from .openslo import SloFiles, load_slos, write_openslo
from .promise import promise
from .sli import (
    HTTP_CLIENT_DURATION,
    HTTP_SERVER_DURATION,
    MESSAGE_DURATION,
    OPERATION_DURATION,
    PROBE,
    SLI,
    SPANS,
    XRAY,
    Condition,
    SLIKind,
    SpanKind,
)
from .slo import DEFAULT_WINDOW, MIN_BAD_EVENTS, SLO, Method, NoData, Origin
from .source import EventSource, FakeEventSource, HistoryPoint, Observation
from .status import STATES, RuleStatus, State, Status
from .summary import summarise, timestamp
from .window import BUCKET, DAY, HOUR, MINUTE, TIERS, Interval, Tier, Window, tier_at

__all__ = [
    "BUCKET",
    "CLASSIFYING_KEYS",
    "DASHBOARD",
    "DAY",
    "DEFAULT_WINDOW",
    "HOUR",
    "HTTP_BOUNDARIES",
    "HTTP_CLIENT_DURATION",
    "HTTP_SERVER_DURATION",
    "MESSAGE_DURATION",
    "MINUTE",
    "MIN_BAD_EVENTS",
    "OPERATIONAL_ROUTES",
    "OPERATION_DURATION",
    "OWNER",
    "PROBE",
    "RUNBOOK",
    "SLI",
    "SLO",
    "SPANS",
    "SPAN_STATUS",
    "STATES",
    "TIERS",
    "WORKBOOK",
    "XRAY",
    "Attribute",
    "Attributes",
    "BurnRule",
    "Condition",
    "ErrorBudget",
    "Evaluation",
    "Evaluator",
    "EventCount",
    "EventSource",
    "FakeEventSource",
    "Fault",
    "HistoryPoint",
    "Interval",
    "InvalidValue",
    "Layout",
    "Method",
    "NoData",
    "Objective",
    "Observation",
    "Origin",
    "Place",
    "RuleStatus",
    "SLIKind",
    "SLOError",
    "Severity",
    "SloFiles",
    "SpanKind",
    "SpecError",
    "State",
    "Status",
    "Tier",
    "Verdict",
    "Window",
    "advise",
    "availability",
    "burn_rate",
    "evaluate",
    "link",
    "load_slos",
    "promise",
    "summarise",
    "tier_at",
    "timestamp",
    "write_openslo",
]
