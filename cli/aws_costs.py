"""What AWS says that services cost: the Cost Explorer, asked by a cost allocation tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ..slo import InvalidValue
from ..slo.report import CostLine, Costs, Period
from ..slo.report.costs import added

SOURCE: Final = "the AWS Cost Explorer"
_METRIC: Final = "UnblendedCost"
_REGION: Final = "us-east-1"
"""Where the Cost Explorer is, whichever region it is asked about."""


def aws_costs(period: Period, tag: str, today: date) -> Costs:
    """The unblended costs of a period by the values of a tag; what has none is nobody's alone. Each page that is asked for costs a cent.

    Credentials and endpoint are those of the environment. Raises `InvalidValue`, also where AWS refuses or can't be asked, and
    `ModuleNotFoundError` without boto3.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    after = min(period.after, date.fromordinal(today.toordinal() + 1))
    if after <= period.first:
        raise InvalidValue(f"{SOURCE} says nothing of {period.name}: it is still to come")
    asked = _question(period, after, tag)
    try:
        results = list(_results(boto3.session.Session().client("ce", region_name=_REGION), asked))
    except (BotoCoreError, ClientError) as error:
        raise InvalidValue(f"{SOURCE} does not answer: {error}") from error
    lines = [line for result in results for line in _lines(result, tag, period, after)]
    units = {unit for _, unit in lines}
    if not lines:
        raise InvalidValue(f"{SOURCE} says nothing of {period.name}")
    if len(units) > 1:
        raise InvalidValue(f"{SOURCE}: amounts are of one currency, not of {', '.join(sorted(units))}")
    estimated = after < period.after or any(result.get("Estimated") for result in results)
    return Costs(added(line for line, _ in lines), units.pop(), SOURCE, estimated=estimated)


def _question(period: Period, after: date, tag: str) -> dict[str, Any]:
    return {
        "TimePeriod": {"Start": period.first.isoformat(), "End": after.isoformat()},
        "Granularity": "MONTHLY" if period.months else "DAILY",
        "Metrics": [_METRIC],
        "GroupBy": [{"Type": "TAG", "Key": tag}],
    }


def _results(client: Any, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The results of every page."""
    token = ""
    while True:
        page = client.get_cost_and_usage(**asked, **({"NextPageToken": token} if token else {}))
        yield from page["ResultsByTime"]
        token = page.get("NextPageToken", "")
        if not token:
            return


def _lines(result: Mapping[str, Any], tag: str, period: Period, after: date) -> Iterator[tuple[CostLine, str]]:
    """What each group cost: its key is `tag$value`."""
    for group in result.get("Groups", ()):
        said = group["Metrics"][_METRIC]
        service = group["Keys"][0].removeprefix(f"{tag}$")
        yield CostLine(period.first, after, service, Decimal(said["Amount"])), said["Unit"]
