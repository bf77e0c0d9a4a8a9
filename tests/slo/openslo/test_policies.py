"""What alert policies ask for."""

from __future__ import annotations

import pytest
import yaml

from fournines.slo import Severity, SpecError
from fournines.slo.openslo.load import read_declarations

EVENTS = {"metricSource": {"type": "fournines", "spec": {"signal": "spans"}}}


def a_policy(severity="page", **condition):
    """A policy with a condition of its own."""
    asked = {"op": "gt", "threshold": 14.4, "lookbackWindow": "1h"} | condition
    conditions = [
        {"kind": "AlertCondition", "metadata": {"name": "c"}, "spec": {"severity": severity, "condition": asked}}
    ]
    targets = [{"kind": "AlertNotificationTarget", "metadata": {"name": "t"}, "spec": {"target": "chat"}}]
    spec = {"conditions": conditions, "notificationTargets": targets}
    return {"kind": "AlertPolicy", "metadata": {"name": "p"}, "spec": spec}


@pytest.fixture
def declared(tmp_path):
    """What an SLO with those policies is, and what is remarked."""

    def read(*policies):
        spec = {
            "service": "web",
            "indicator": {"metadata": {"name": "web"}, "spec": {"ratioMetric": {"good": EVENTS, "total": EVENTS}}},
            "budgetingMethod": "Occurrences",
            "objectives": [{"target": 0.99}],
            "alertPolicies": list(policies),
        }
        slo = {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "web"}, "spec": spec}
        (tmp_path / "slos.yaml").write_text(yaml.safe_dump(slo))
        return read_declarations([tmp_path])

    return read


@pytest.mark.parametrize(
    ("word", "severity"),
    [("P1", Severity.PAGE), ("critical", Severity.PAGE), ("Warning", Severity.TICKET), ("p4", Severity.TICKET)],
)
def test_words_that_everybody_knows_are_meant(declared, word, severity):
    """In whatever case they are written; nothing is remarked."""
    found = declared(a_policy(word))

    assert ([rule.severity for rule in found.slos[0].rules], found.remarks) == ([severity], ())


def test_every_policy_is_judged(declared):
    """What is wrong with one is said though another is not there."""
    with pytest.raises(SpecError) as caught:
        declared("gone", a_policy(op="lt"))

    assert [fault.path for fault in caught.value.faults] == ["spec.alertPolicies[0]", "spec.alertPolicies[1]"]
