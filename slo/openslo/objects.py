"""OpenSLO v1's objects, as its specification draws them (https://github.com/OpenSLO/OpenSLO): every kind and its shape.

An object is judged alone here; what it refers to is judged in `references`. Fields have the specification's names in snake case;
faults name them as the file does.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from .alert_shapes import AlertConditionSpec, AlertPolicySpec, NotificationTargetSpec
from .shape import Described, Metadata, Shape
from .sli_shapes import SLISpec
from .slo_shapes import SLOSpec

API_VERSION: Final = "openslo/v1"


class DataSourceSpec(Described):
    """A place numbers come from, to be referred to."""

    type: Annotated[str, Field(min_length=1)]
    connection_details: Any = None


class Object(Shape):
    """What every object has in common."""

    api_version: Literal["openslo/v1"]
    kind: str
    metadata: Metadata


class SLOObject(Object):
    """kind: SLO."""

    spec: SLOSpec


class SLIObject(Object):
    """kind: SLI."""

    spec: SLISpec


class ServiceObject(Object):
    """kind: Service."""

    spec: Described = Field(default_factory=Described)


class DataSourceObject(Object):
    """kind: DataSource."""

    spec: DataSourceSpec


class AlertPolicyObject(Object):
    """kind: AlertPolicy."""

    spec: AlertPolicySpec


class AlertConditionObject(Object):
    """kind: AlertCondition."""

    spec: AlertConditionSpec


class NotificationTargetObject(Object):
    """kind: AlertNotificationTarget."""

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
}
"""Every key that names another object, and the kind it names."""
