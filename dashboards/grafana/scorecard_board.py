"""The scorecard: seven figures of how services are used, how they answer, how they change, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from . import aws_panels, catalog, expressions, metrics
from .board import board, service_variable
from .expressions import RATE_INTERVAL
from .panels import PLAIN_THRESHOLDS, GridPos, Query, row, series, stat, text
from .surroundings import Surroundings

SCORECARD_UID: Final = "fournines-scorecard"

_NAMED: Final = f"on (job, instance) group_left ({metrics.SERVICE_NAME}) max by (job, instance, {metrics.SERVICE_NAME})"
_TARGETS: Final = f'{_NAMED} ({metrics.TARGET}{{{metrics.SERVICE_NAME}=~"$service"}})'
_LEGEND: Final = f"{{{{{metrics.SERVICE_NAME}}}}}"
_HOW: Final = """\
Nothing that is scraped here knows what all this costs.

- **AWS**: `fournines build --cloudwatch REGION` asks CloudWatch what this month is estimated to cost, if billing alerts are on.
- **A bill**: `fournines report --costs FILE` takes a CSV into the month's report.
"""


def scorecard_board(around: Surroundings) -> Any:
    """The seven figures of the services that are chosen."""
    in_aws = [aws_panels.cloudwatch_variable()] if around.region else []
    return board(
        "SLOs: scorecard",
        SCORECARD_UID,
        "Concurrent users, mean response time, uptime, deployment time, monthly cost, release frequency and incident response time.",
        [*_use(), *_change(around), *_over_time()],
        variables=[service_variable(), *in_aws],
        since="now-7d",
    )


def _use() -> Iterable[Any]:
    yield row("How they are used, and answer", 0)
    users = f"sum(avg_over_time({metrics.ACTIVE}[5m]) * {_TARGETS})"
    yield stat(catalog.CONCURRENT_USERS, GridPos(0, 1, 8, 4), users, PLAIN_THRESHOLDS, decimals=1)
    yield stat(catalog.RESPONSE_TIME, GridPos(8, 1, 8, 4), _mean("", "5m"), PLAIN_THRESHOLDS, decimals=3)
    uptime = f"min({expressions.result(expressions.OF_SERVICE)})"
    yield stat(catalog.UPTIME, GridPos(16, 1, 8, 4), uptime, PLAIN_THRESHOLDS, decimals=4)


def _change(around: Surroundings) -> Iterable[Any]:
    of = f"{{{expressions.OF_SERVICE}}}"
    yield row("How they change, fail and cost", 5)
    length = f"sum({metrics.RELEASE_SECONDS}{of} * {metrics.RELEASES}{of}) / sum({metrics.RELEASES}{of} and {metrics.RELEASE_SECONDS}{of})"
    yield stat(catalog.DEPLOYMENT_LENGTH, GridPos(0, 6, 8, 4), length, PLAIN_THRESHOLDS)
    yield stat(catalog.RELEASE_FREQUENCY, GridPos(8, 6, 8, 4), f"sum({metrics.RELEASES}{of})", PLAIN_THRESHOLDS)
    answered = f'max({metrics.RESPONSE_SECONDS}{{severity="page"}})'
    yield stat(catalog.RESPONSE_LENGTH, GridPos(16, 6, 8, 4), answered, PLAIN_THRESHOLDS)
    yield _cost(around)
    lengths = Query(f"max by (severity) ({metrics.RESOLUTION_SECONDS})", "{{severity}}")
    yield series(catalog.RESOLUTION_LENGTH, GridPos(8, 10, 8, 8), [lengths])
    counted = Query(f"max by (severity) ({metrics.INCIDENTS})", "{{severity}}")
    yield series(catalog.INCIDENTS_COUNTED, GridPos(16, 10, 8, 8), [counted])


def _cost(around: Surroundings) -> Any:
    place = GridPos(0, 10, 8, 8)
    if not around.region:
        return text(catalog.HOW_TO_SAY_COST, place, _HOW)
    charges = aws_panels.Metric(
        "EstimatedCharges",
        "Maximum",
        "this month",
        {"Currency": "USD"},
        "AWS/Billing",
        aws_panels.BILLING_REGION,
        "21600",
    )
    return aws_panels.cloudwatch_series(catalog.MONTHLY_COST, place, [charges])


def _over_time() -> Iterable[Any]:
    by = f"by ({metrics.SERVICE_NAME}) "
    yield row("Over time", 18)
    users = Query(f"sum {by}({metrics.ACTIVE} * {_TARGETS})", _LEGEND)
    yield series(catalog.USERS_OVER_TIME, GridPos(0, 19, 12, 9), [users], stacked=True)
    yield series(catalog.RESPONSE_OVER_TIME, GridPos(12, 19, 12, 9), [Query(_mean(by, RATE_INTERVAL), _LEGEND)])
    results = Query(expressions.result(expressions.OF_SERVICE), "{{slo}}")
    yield series(catalog.UPTIME_OVER_TIME, GridPos(0, 28, 24, 9), [results])


def _mean(by: str, interval: str) -> str:
    """Mean seconds of a request; nothing where there are none."""

    def rate(counter: str) -> str:
        return f"sum {by}(rate({counter}[{interval}]) * {_TARGETS})"

    return f"{rate(metrics.DURATION_SUM)} / ({rate(metrics.DURATION_COUNT)} > 0)"
