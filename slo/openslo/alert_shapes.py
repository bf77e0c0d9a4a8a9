"""The shapes of OpenSLO v1's alert objects: who is told of what, by reference or inline."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .shape import Described, Duration, Metadata, Number, ObjectName, Operator, Shape, Word, complaint


class AlertConditionRule(Shape):
    """When an alert is raised."""

    kind: Literal["burnrate"] = "burnrate"
    op: Operator | None = Field(default=None, description="gt, and nothing else means anything of a burn rate")
    threshold: Number = Field(description="the burn rate: how many times faster than allowed the budget goes")
    lookback_window: Duration = Field(description="over which time it is measured")
    alert_after: Duration = Field(default="0m", description="how long it must hold")


class AlertConditionSpec(Described):
    """An alert condition with its severity, which is any word."""

    severity: Word = Field(description="page, ticket, or any other word")
    condition: AlertConditionRule


class NotificationTargetSpec(Described):
    """Who is told."""

    target: Word


class AlertConditionEntry(Shape):
    """A condition of a policy: by reference, or written into it."""

    condition_ref: ObjectName | None = None
    kind: Literal["AlertCondition"] | None = None
    metadata: Metadata | None = None
    spec: AlertConditionSpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> AlertConditionEntry:
        _by_reference_or_inline(self, "conditionRef", self.condition_ref)
        return self


class NotificationTargetEntry(Shape):
    """A target of a policy: by reference, or written into it."""

    target_ref: ObjectName | None = None
    kind: Literal["AlertNotificationTarget"] | None = None
    metadata: Metadata | None = None
    spec: NotificationTargetSpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> NotificationTargetEntry:
        _by_reference_or_inline(self, "targetRef", self.target_ref)
        return self


class AlertPolicySpec(Described):
    """Which condition tells whom."""

    alert_when_no_data: bool | None = Field(default=None, description="whether silence is told")
    alert_when_resolved: bool | None = Field(default=None, description="whether the end is told")
    alert_when_breaching: bool | None = Field(default=None, description="whether the condition is told")
    conditions: Annotated[list[AlertConditionEntry], Field(min_length=1, max_length=1)]
    notification_targets: Annotated[list[NotificationTargetEntry], Field(min_length=1)]

    @property
    def tells_of_burn(self) -> bool:
        """Whether its condition alerts. What says nothing at all of when to alert means that."""
        others = (self.alert_when_no_data, self.alert_when_resolved)
        return self.alert_when_breaching if self.alert_when_breaching is not None else not any(others)


class AlertPolicyEntry(Shape):
    """A policy of an SLO: by reference, or written into it."""

    alert_policy_ref: ObjectName | None = None
    kind: Literal["AlertPolicy"] | None = None
    metadata: Metadata | None = None
    spec: AlertPolicySpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> AlertPolicyEntry:
        _by_reference_or_inline(self, "alertPolicyRef", self.alert_policy_ref)
        return self


def _named(value: Any) -> Any:
    """A policy may be named by a plain text, as older files do."""
    return {"alertPolicyRef": value} if isinstance(value, str) else value


AlertPolicies = list[
    Annotated[AlertPolicyEntry, BeforeValidator(_named, json_schema_input_type=str | AlertPolicyEntry)]
]


def _by_reference_or_inline(entry: Any, key: str, reference: str | None) -> None:
    inline = {"kind": entry.kind, "metadata": entry.metadata, "spec": entry.spec}
    given = [part for part, value in inline.items() if value is not None]
    if reference is not None and given:
        raise complaint(f"needs either `{key}` or `kind`, `metadata` and `spec`, not both")
    if reference is None and len(given) < len(inline):
        raise complaint(f"needs either `{key}`, or all of `kind`, `metadata` and `spec`")
