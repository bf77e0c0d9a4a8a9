"""OpenSLO v1's objects, as its specification draws them (https://github.com/OpenSLO/OpenSLO): every kind and its shape.

An object is judged alone here; what it refers to is judged in `references`. Fields have the specification's names in snake case;
faults name them as the file does.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from .alert_shapes import AlertConditionSpec, AlertPolicySpec, NotificationTargetSpec
from .shape import Described, Metadata, Name, Shape, Word
from .sli_shapes import SLISpec
from .slo_shapes import SLOSpec

API_VERSION: Final = "openslo/v1"


class DataSourceSpec(Described):
    """A place numbers come from, to be referred to."""

    type: Word = Field(description="fournines, prometheus, or what other tools know")
    connection_details: Any = Field(
        default=None, description="for other tools; addresses and secrets stand in settings here"
    )


class Object(Shape):
    """What every object has in common."""

    api_version: str
    kind: str
    metadata: Metadata


class SLOMetadata(Metadata):
    """Name and notes of an SLO, whose name stands in addresses and labels."""

    name: Name


class SLOObject(Object):
    """A promise."""

    kind: Literal["SLO"]
    metadata: SLOMetadata
    spec: SLOSpec


class SLIObject(Object):
    """What is measured, for several SLOs."""

    kind: Literal["SLI"]
    spec: SLISpec


class ServiceObject(Object):
    """A service that makes promises."""

    kind: Literal["Service"]
    spec: Described = Field(default_factory=Described)


class DataSourceObject(Object):
    """Where numbers come from, for several SLIs."""

    kind: Literal["DataSource"]
    spec: DataSourceSpec


class AlertPolicyObject(Object):
    """Which condition tells whom, for several SLOs."""

    kind: Literal["AlertPolicy"]
    spec: AlertPolicySpec


class AlertConditionObject(Object):
    """A condition, for several policies."""

    kind: Literal["AlertCondition"]
    spec: AlertConditionSpec


class NotificationTargetObject(Object):
    """Who is told, for several policies."""

    kind: Literal["AlertNotificationTarget"]
    spec: NotificationTargetSpec


KINDS: Final[dict[str, type[Object]]] = {
    "SLO": SLOObject,
    "SLI": SLIObject,
    "Service": ServiceObject,
    "DataSource": DataSourceObject,
    "AlertPolicy": AlertPolicyObject,
    "AlertCondition": AlertConditionObject,
    "AlertNotificationTarget": NotificationTargetObject,
}
"""Every kind of OpenSLO v1, and its shape."""

REFERENCES: Final = {
    "indicatorRef": "SLI",
    "alertPolicyRef": "AlertPolicy",
    "conditionRef": "AlertCondition",
    "targetRef": "AlertNotificationTarget",
    "metricSourceRef": "DataSource",
    "sliRef": "SLI",
    "dataSourceRef": "DataSource",
}
"""Every key that names another object, and the kind it names; the last two are v2alpha's."""
