"""A resource to be made: an alarm, or an objective of Application Signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

METRIC_ALARM: Final = "AWS::CloudWatch::Alarm"
COMPOSITE_ALARM: Final = "AWS::CloudWatch::CompositeAlarm"
OBJECTIVE: Final = "AWS::ApplicationSignals::ServiceLevelObjective"


@dataclass(frozen=True, slots=True)
class Resource:
    """One of CloudFormation's: its type and properties. `name` is nobody else's in the account; `after` names those to be made before."""

    kind: str
    name: str
    properties: Mapping[str, Any]
    after: tuple[str, ...] = ()
