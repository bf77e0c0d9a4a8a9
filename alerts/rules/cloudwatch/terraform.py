"""The same resources in Terraform's JSON: https://developer.hashicorp.com/terraform/language/syntax/json

Alarms are the AWS provider's; objectives of Application Signals those of AWS's own (`awscc`), whose attributes are CloudFormation's
properties in other letters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .cloudformation import parameters
from .resource import COMPOSITE_ALARM, METRIC_ALARM, OBJECTIVE, Resource

Json = dict[str, Any]

_KINDS: Final = {
    METRIC_ALARM: "aws_cloudwatch_metric_alarm",
    COMPOSITE_ALARM: "aws_cloudwatch_composite_alarm",
    OBJECTIVE: "awscc_applicationsignals_service_level_objective",
}
_INNER_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FOREIGN: Final = re.compile(r"[^a-zA-Z0-9_-]")


def configuration(made: Sequence[Resource]) -> Json:
    """The configuration's document."""
    kinds = {each.name: _KINDS[each.kind] for each in made}
    found: Json = {}
    for each in made:
        after = {"depends_on": [f"{kinds[name]}.{_label(name)}" for name in each.after]} if each.after else {}
        found.setdefault(kinds[each.name], {})[_label(each.name)] = {**_WRITTEN[each.kind](each.properties), **after}
    return {
        "//": "Written by `fournines build` from the SLO file: change that file, not this one.",
        "terraform": {
            "required_providers": {
                "aws": {"source": "hashicorp/aws", "version": ">= 5.0"},
                "awscc": {"source": "hashicorp/awscc", "version": ">= 1.30"},
            }
        },
        "variable": {snake(name): _variable(parameter) for name, parameter in parameters(made).items()},
        "resource": found,
    }


def configuration_json(made: Sequence[Resource]) -> str:
    """The configuration's text."""
    return json.dumps(configuration(made), indent=2, ensure_ascii=False) + "\n"


def snake(name: str) -> str:
    """`AlarmName` in Terraform's letters: `alarm_name`."""
    return _INNER_CAPITAL.sub("_", name).lower()


def _variable(parameter: Mapping[str, str]) -> Json:
    default = {"default": parameter["Default"]} if "Default" in parameter else {}
    return {"type": "string", "description": parameter["Description"], **default}


def _label(name: str) -> str:
    return _FOREIGN.sub("_", name)


def _value(value: Any) -> Any:
    """The same value: a parameter is a variable, and text is no template."""
    if isinstance(value, Mapping):
        return f"${{var.{snake(value['Ref'])}}}" if "Ref" in value else {snake(k): _value(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_value(each) for each in value]
    return value.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else value


def _metric_alarm(properties: Mapping[str, Any]) -> Json:
    rest = {key: value for key, value in properties.items() if key != "Metrics"}
    return {**_value(rest), "metric_query": [_metric_query(query) for query in properties["Metrics"]]}


def _metric_query(query: Mapping[str, Any]) -> Json:
    """A metric is a block of its own, whose dimensions are a map."""
    rest = {key: value for key, value in query.items() if key != "MetricStat"}
    if "MetricStat" not in query:
        return dict(_value(rest))
    stat = query["MetricStat"]
    dimensions = {each["Name"]: _value(each["Value"]) for each in stat["Metric"]["Dimensions"]}
    metric = {**_value({**stat["Metric"], "Dimensions": None}), "dimensions": dimensions}
    return {**_value(rest), "metric": [{**metric, "period": stat["Period"], "stat": stat["Stat"]}]}


def _composite_alarm(properties: Mapping[str, Any]) -> Json:
    """What suppresses it is a block of its own."""
    own = {key: value for key, value in properties.items() if not key.startswith("ActionsSuppressor")}
    if "ActionsSuppressor" not in properties:
        return dict(_value(own))
    block = {
        "alarm": properties["ActionsSuppressor"],
        "extension_period": properties["ActionsSuppressorExtensionPeriod"],
        "wait_period": properties["ActionsSuppressorWaitPeriod"],
    }
    return {**_value(own), "actions_suppressor": [block]}


def _objective(properties: Mapping[str, Any]) -> Json:
    return dict(_value(properties))


_WRITTEN: Final[dict[str, Callable[[Mapping[str, Any]], Json]]] = {
    METRIC_ALARM: _metric_alarm,
    COMPOSITE_ALARM: _composite_alarm,
    OBJECTIVE: _objective,
}
