"""Entries of alert policies: by reference, or written where they stand."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fournines.slo.openslo.alert_shapes import AlertConditionEntry, AlertPolicyEntry, NotificationTargetEntry

CONDITION = {"severity": "page", "condition": {"threshold": 2, "lookbackWindow": "1h"}}
TARGET = {"target": "pagerduty"}
POLICY = {"conditions": [{"conditionRef": "fast"}], "notificationTargets": [{"targetRef": "oncall"}]}
FORMS = [
    (AlertConditionEntry, "conditionRef", {"kind": "AlertCondition", "metadata": {"name": "fast"}, "spec": CONDITION}),
    (NotificationTargetEntry, "targetRef", {"kind": "AlertNotificationTarget", "metadata": {"name": "a"}, "spec": TARGET}),
    (AlertPolicyEntry, "alertPolicyRef", {"kind": "AlertPolicy", "metadata": {"name": "a"}, "spec": POLICY}),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "reference", "inline"), FORMS, ids=lambda each: getattr(each, "__name__", ""))
def test_one_form_or_the_other(entry, reference, inline):
    """A reference alone, or kind, metadata and spec together; nothing between, and never both."""
    entry.model_validate({reference: "fast"})
    entry.model_validate(inline)
    with pytest.raises(ValidationError, match=f"needs either `{reference}` or `kind`, `metadata` and `spec`, not both"):
        entry.model_validate({reference: "fast", "kind": inline["kind"]})
    for missing in ({}, *({key: inline[key] for key in inline if key != left} for left in inline)):
        with pytest.raises(ValidationError, match=f"needs either `{reference}`, or all of"):
            entry.model_validate(missing)
