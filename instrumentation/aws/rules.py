"""X-Ray's sampling rules: which requests each is for, and in which order they are asked.

https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

from .. import names

ANY: Final = "*"
VERSION: Final = 1
SERVICE_TYPES: Final = {
    "aws_ecs": "AWS::ECS::Container",
    "aws_ec2": "AWS::EC2::Instance",
    "aws_eks": "AWS::EKS::Container",
    "aws_lambda": "AWS::Lambda::Function",
    "aws_elastic_beanstalk": "AWS::ElasticBeanstalk::Environment",
}
"""`cloud.platform` -> what rules call it."""
ARNS: Final = ("aws.ecs.container.arn", "aws.ecs.cluster.arn", "aws.eks.cluster.arn", "aws.lambda.invoked_arn")
"""Where a resource says its ARN; the first counts."""

_log = logging.getLogger("fournines.instrumentation")


@dataclass(frozen=True)
class Rule:
    """One rule, as it was written. It decides about nothing itself: `reservoir.py` does."""

    name: str
    priority: int
    rate: float
    reservoir: int
    service: str = ANY
    service_type: str = ANY
    arn: str = ANY
    host: str = ANY
    method: str = ANY
    path: str = ANY
    attributes: tuple[tuple[str, str], ...] = field(default=())

    def is_for_service(self, resource: Mapping[str, object]) -> bool:
        """Whether it is for this process's service at all: asked when rules come, and not with each request."""
        arn = next((str(resource[key]) for key in ARNS if key in resource), None)
        kind = SERVICE_TYPES.get(str(resource.get(names.CLOUD_PLATFORM)))
        name = resource.get(names.SERVICE_NAME)
        return (
            fits(self.service, None if name is None else str(name))
            and fits(self.service_type, kind)
            and fits(self.arn, arn)
        )

    @cached_property
    def asks(self) -> tuple[tuple[str, str], ...]:
        """Attribute and pattern of all that it asks of a request: what may be anything is not asked for."""
        plain = ((names.URL_PATH, self.path), (names.METHOD, self.method), (names.SERVER_ADDRESS, self.host))
        return tuple((key, pattern) for key, pattern in (*plain, *self.attributes) if pattern != ANY)

    def is_for(self, told: Mapping[str, Any]) -> bool:
        """Whether it is for a request of these attributes."""
        for key, pattern in self.asks:  # noqa: SIM110 - asked with every request: a generator takes as long as the rest
            if not fits(pattern, told.get(key)):
                return False
        return True


def fits(pattern: str, text: object) -> bool:
    """Whether a text is what a pattern with `*` and `?` says, in upper or lower case. What is not there fits `*` only."""
    if pattern == ANY:
        return True
    if text is None:
        return False
    whole, parts = str(text), _parts(pattern)
    first, last = parts[0], parts[-1]
    end = len(whole) - last.length
    if len(parts) == 1:
        return end == 0 and last.sign.match(whole) is not None
    if end < first.length or not first.sign.match(whole) or not last.sign.match(whole, end):
        return False
    at = first.length
    for part in parts[1:-1]:  # each where it is found first: going on from there never finds less
        found = part.sign.search(whole, at, end)
        if found is None:
            return False
        at = found.end()
    return True


def read_rules(records: Iterable[object]) -> list[Rule]:
    """The rules of an answer, in the order in which they are asked; one that can't be understood is left out, and said once."""
    rules = [rule for record in records if (rule := _read(record)) is not None]
    return sorted(rules, key=lambda rule: (rule.priority, rule.name))


class _Part(NamedTuple):
    """What stands between two stars: so many characters."""

    sign: re.Pattern[str]
    length: int


@lru_cache(1024)
def _parts(pattern: str) -> tuple[_Part, ...]:
    # One expression for the whole pattern would try every way to share a text among its stars: clients choose the texts.
    def compiled(text: str) -> re.Pattern[str]:
        signs = ("." if sign == "?" else re.escape(sign) for sign in text)
        return re.compile("".join(signs), re.IGNORECASE | re.DOTALL)

    return tuple(_Part(compiled(text), len(text)) for text in pattern.split("*"))


def _read(record: object) -> Rule | None:
    rule = record.get("SamplingRule") if isinstance(record, dict) else None
    if not isinstance(rule, dict) or rule.get("Version") != VERSION:
        return None
    wanted = rule.get("Attributes") or {}
    try:
        return Rule(
            name=str(rule["RuleName"]),
            priority=int(rule["Priority"]),
            rate=min(1.0, max(0.0, float(rule["FixedRate"]))),
            reservoir=max(0, int(rule["ReservoirSize"])),
            service=str(rule.get("ServiceName", ANY)),
            service_type=str(rule.get("ServiceType", ANY)),
            arn=str(rule.get("ResourceARN", ANY)),
            host=str(rule.get("Host", ANY)),
            method=str(rule.get("HTTPMethod", ANY)),
            path=str(rule.get("URLPath", ANY)),
            attributes=tuple((str(key), str(pattern)) for key, pattern in wanted.items()),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        _say_unreadable(str(rule.get("RuleName", "without a name"))[:80], type(error).__name__)
        return None


@lru_cache(64)
def _say_unreadable(name: str, why: str) -> None:
    """Once a rule: they are asked for again and again."""
    _log.warning("X-Ray's sampling rule %s can't be read (%s), and decides nothing", name, why)
