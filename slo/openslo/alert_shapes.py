"""The shapes of OpenSLO v1's alert objects: who is told of what, by reference or inline."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .shape import Described, Duration, Metadata, Name, Number, Operator, Shape, complaint


class AlertConditionRule(Shape):
    """When an alert is raised."""

    kind: Literal["burnrate"]
    op: Operator | None = None
    threshold: Number
    lookback_window: Duration
    alert_after: Duration = "0m"


class AlertConditionSpec(Described):
    """An alert condition with its severity, which is any word."""

    severity: Annotated[str, Field(min_length=1)]
    condition: AlertConditionRule


class NotificationTargetSpec(Described):
    """Who is told."""

    target: Annotated[str, Field(min_length=1)]


class AlertConditionEntry(Shape):
    """A condition of a policy: by reference, or written into it."""

    condition_ref: Name | None = None
    kind: Literal["AlertCondition"] | None = None
    metadata: Metadata | None = None
    spec: AlertConditionSpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> AlertConditionEntry:
        _by_reference_or_inline(self, "conditionRef", self.condition_ref)
        return self


class NotificationTargetEntry(Shape):
    """A target of a policy: by reference, or written into it."""

    target_ref: Name | None = None
    kind: Literal["AlertNotificationTarget"] | None = None
    metadata: Metadata | None = None
    spec: NotificationTargetSpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> NotificationTargetEntry:
        _by_reference_or_inline(self, "targetRef", self.target_ref)
        return self


class AlertPolicySpec(Described):
    """Which condition tells whom."""

    alert_when_no_data: bool = False
    alert_when_resolved: bool = False
    alert_when_breaching: bool = False
    conditions: Annotated[list[AlertConditionEntry], Field(min_length=1, max_length=1)]
    notification_targets: Annotated[list[NotificationTargetEntry], Field(min_length=1)]


class AlertPolicyEntry(Shape):
    """A policy of an SLO: by reference, or written into it."""

    alert_policy_ref: Name | None = None
    kind: Literal["AlertPolicy"] | None = None
    metadata: Metadata | None = None
    spec: AlertPolicySpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> AlertPolicyEntry:
        _by_reference_or_inline(self, "alertPolicyRef", self.alert_policy_ref)
        return self


def _by_reference_or_inline(entry: Any, key: str, reference: str | None) -> None:
    inline = {"kind": entry.kind, "metadata": entry.metadata, "spec": entry.spec}
    given = [part for part, value in inline.items() if value is not None]
    if reference is not None and given:
        raise complaint(f"needs either `{key}` or `kind`, `metadata` and `spec`, not both")
    if reference is None and len(given) < len(inline):
        raise complaint(f"needs either `{key}`, or all of `kind`, `metadata` and `spec`")
