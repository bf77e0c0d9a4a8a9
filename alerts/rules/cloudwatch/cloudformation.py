"""The template that CloudFormation makes the alarms of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import yaml

from .resource import Resource

Json = dict[str, Any]

_WORD: Final = re.compile(r"[a-zA-Z0-9]+")
_DIGEST: Final = 8
_HEADER: Final = "# Written by `fournines build` from the SLO file: change that file, not this one.\n"

PARAMETERS: Final[Json] = {
    "PageTopicArn": {"Type": "String", "Description": "The SNS topic that pages are published to"},
    "TicketTopicArn": {"Type": "String", "Description": "The SNS topic that tickets are published to"},
    "MetricNamespace": {
        "Type": "String",
        "Default": "fournines",
        "Description": "Where services write their embedded metrics: FOURNINES_EMF_NAMESPACE",
    },
}


def template(made: Sequence[Resource]) -> Json:
    """The template's document."""
    ids = {each.name: _logical_id(each.name) for each in made}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Alarms on the burn rates of error budgets",
        "Parameters": parameters(made),
        "Resources": {ids[each.name]: _resource(each, ids) for each in made},
    }


def parameters(made: Sequence[Resource]) -> Json:
    """Those of the parameters that any of the resources refers to: one that nobody uses would be asked for in vain."""
    used = {name for each in made for name in _references(each.properties)}
    return {name: parameter for name, parameter in PARAMETERS.items() if name in used}


def template_yaml(made: Sequence[Resource]) -> str:
    """The template's text."""
    dumped = yaml.dump(template(made), Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
    return _HEADER + str(dumped)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from [each] if key == "Ref" else _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _resource(resource: Resource, ids: dict[str, str]) -> Json:
    after = {"DependsOn": [ids[name] for name in resource.after]} if resource.after else {}
    return {"Type": resource.kind, **after, "Properties": dict(resource.properties)}


def _logical_id(name: str) -> str:
    """Letters and digits, and no other's: what can be read of the name, and a digest."""
    read = "".join(word[:1].upper() + word[1:] for word in _WORD.findall(name))
    return f"{read[:200]}{sha256(name.encode()).hexdigest()[:_DIGEST]}"


class _Dumper(yaml.SafeDumper):
    """No anchors: every alarm reads by itself."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
