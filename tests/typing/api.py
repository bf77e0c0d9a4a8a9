"""The public face as types: never run, only judged by mypy. What stands here is promised to those who call it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_type

from opentelemetry.trace import Span
from prometheus_client import CollectorRegistry

from fournines.answers import Alert, Point, SloDetail, TraceLine, VerdictName
from fournines.client import Client, ClientError, NotACollector, Refused, Unreachable, every_page
from fournines.instrumentation import (
    BadObjective,
    BadRule,
    CorrelationFilter,
    InstrumentationError,
    JsonFormatter,
    JsonRenderer,
    NoSuchClient,
    NoSuchEngine,
    NotAnApplication,
    Objective,
    Rules,
    Telemetry,
    add_ids,
    instrument,
)
from fournines.slo import SLO, CalendarWindow, EventCount, SpecError, Window, load_slos, write_openslo

Scope = dict[str, Any]


async def app(scope: Scope, receive: object, send: object) -> None:
    """Any ASGI application."""


# The one line

telemetry = instrument(app)
assert_type(telemetry, Telemetry)
assert_type(instrument(service="settler"), Telemetry)
assert_type(
    instrument(
        app,
        "payments",
        version="1",
        metrics_path=None,
        metrics_port=9464,
        metrics_token="secret",
        clients={"httpx"},
        engine="opentelemetry",
        logs="json",
        objectives=[Objective("99%")],
        redaction=Rules(keys=("iban",)),
    ),
    Telemetry,
)
instrument(app, clients=False, logs=None, objectives=(), redaction=None)

# The handle

assert_type(telemetry.service, str)
assert_type(telemetry.registry, CollectorRegistry)
assert_type(telemetry.clients, frozenset[str])
assert_type(telemetry.flush(), bool)
assert_type(telemetry.flush(timeout=2), bool)
assert_type(telemetry.shutdown(1.5), bool)
telemetry.start()
telemetry.logs("plain")
telemetry.declare(Objective("99%"), Objective(Decimal("0.9"), latency="1s"))


# An endpoint keeps its type under `slo`: what frameworks and callers see is the function as it is.


@telemetry.slo("99.95%", latency="300ms", window="7d", name="a", description="b", owner="c", runbook="d", dashboard="e")
def pay(payment: int, *, twice: bool = False) -> str:
    """Answers."""
    return f"{payment}{twice}"


@telemetry.slo(Decimal("0.999"), latency=0.3)
async def refund(payment: int) -> dict[str, int]:
    """Answers later."""
    return {"payment": payment}


@telemetry.slo("99%")
class Kind:
    """An endpoint may be a class."""

    size = 1


assert_type(pay(7, twice=True), str)
assert_type(Kind().size, int)

# An objective is what was written, exactly and typed.

objective = Objective("99.95%", latency="300ms", routes=["/a"], methods="GET")
assert_type(objective.target, Decimal)
assert_type(objective.threshold, Decimal | None)
assert_type(objective.window, str)
assert_type(objective.routes, tuple[str, ...])
assert_type(objective.methods, tuple[str, ...])
assert_type(objective.kind, str)
assert_type(objective.named("payments"), Objective)

# Work that is no request


@telemetry.operation("settle", attributes={"scheme": "sepa"})
def settle(account: str) -> int:
    """Works."""
    return len(account)


@telemetry.consumer("orders")
async def handle(message: Mapping[str, str]) -> None:
    """Works on a message."""


assert_type(settle("DE"), int)
with telemetry.operation("nightly") as span:
    assert_type(span, Span)
with telemetry.consumer("orders", system="aws_sqs", group="g", message={}, attributes={}) as span:
    assert_type(span, Span)


async def later() -> None:
    """The same awaited."""
    async with telemetry.operation("nightly") as awaited:
        assert_type(awaited, Span)
    assert_type(await refund(7), dict[str, int])
    made: Coroutine[Any, Any, None] = handle({})
    await made


# Redaction

rules = Rules(("iban",), (r"ACC-\d+", re.compile("x")), frozenset({"order"}))
assert_type(rules.keys, tuple[str, ...])
assert_type(rules.patterns, tuple[re.Pattern[str] | str, ...])
assert_type(rules.allowed, frozenset[str])

# Logs

formatter: logging.Formatter = JsonFormatter()
correlated: logging.Filter = CorrelationFilter()
renderer: Callable[[Any, str, dict[str, Any]], str] = JsonRenderer()
processor: Callable[[Any, str, dict[str, Any]], Mapping[str, Any]] = add_ids

# Mistakes are of one tree.

for mistake in (BadObjective, BadRule, NoSuchClient, NoSuchEngine, NotAnApplication):
    kind: type[InstrumentationError] = mistake

# The collector's client, and the domain

with Client("http://127.0.0.1:8400", timeout=1.0) as client:
    assert_type(client.slos(state="burning")[0]["budget"]["remaining_ratio"], float)
    assert_type(client.slo("payments-availability"), SloDetail)
    assert_type(client.history("payments-availability", 0, 60, 10), list[Point])
    assert_type(client.declarations("payments")[0]["openslo"], str)
    assert_type(client.alerts(), list[Alert])
    assert_type(client.gate("payments", "7")["verdict"], VerdictName)
    for page in every_page(lambda cursor: client.traces(cursor=cursor)):
        assert_type(page["traces"], list[TraceLine])

refusals: tuple[type[ClientError], ...] = (Refused, Unreachable, NotACollector)

try:
    slos = load_slos([Path("slos")])
except SpecError as error:
    assert_type([fault.line for fault in error.faults], list[int])
else:
    assert_type(slos, tuple[SLO, ...])
    assert_type(slos[0].objective.target, Decimal)
    assert_type(slos[0].windows, frozenset[Window | CalendarWindow])
    assert_type(write_openslo(slos), str)
assert_type(EventCount(3, 4).bad, int)
