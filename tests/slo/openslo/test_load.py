"""OpenSLO v1 files: what they mean, and that every fault is said at once, with its place."""

from __future__ import annotations

import copy
import errno
import os
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fournines.slo import (
    DEFAULT_WINDOW,
    SLI,
    WORKBOOK,
    Condition,
    NoData,
    Objective,
    Origin,
    Place,
    Severity,
    SLIKind,
    SpanKind,
    SpecError,
    Window,
    load_slos,
)

TOTAL = {"metricSource": {"type": "fournines", "spec": {"signal": "http.server.request.duration"}}}
RATIO = {"ratioMetric": {"counter": True, "good": TOTAL, "total": TOTAL}}
THRESHOLD = {"thresholdMetric": TOTAL}

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: payments-availability
  displayName: Payments are taken
  labels: {team: money, tags: [a, b]}
  annotations:
    fournines/runbook: https://runbooks.example.com/payments
    example.com/other: kept
spec:
  description: A customer who pays gets an answer.
  service: payments
  indicator:
    metadata: {name: payments-availability}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: fournines, spec: {signal: http.server.request.duration}}}
        total: {metricSource: {type: fournines, spec: {signal: http.server.request.duration}}}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: four nines, target: 0.9999}]
"""


def document(**changes):
    """The SLO above with values put at dotted paths (`spec__objectives__0__target`), None to take one out."""
    data = yaml.safe_load(SLO)
    for path, value in changes.items():
        *parents, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        at = data
        for step in parents:
            at = at[step]
        if value is None:
            del at[last]
        else:
            at[last] = copy.deepcopy(value)
    return data


def text(*documents):
    return yaml.safe_dump_all(documents, sort_keys=False)


def an_object(kind, name, spec):
    return {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


# What a file means


def test_everything_an_slo_says(load, tmp_path):
    """Each key of the file is in the domain's SLO, exactly."""
    (slo,) = load(SLO)

    assert slo.name == "payments-availability"
    assert slo.sli == SLI(SLIKind.AVAILABILITY, "payments")
    assert slo.objective == Objective(Decimal("0.9999"))
    assert slo.window == Window.parse("28d")
    assert (slo.rules, slo.min_bad_events, slo.no_data, slo.origin) == (WORKBOOK, 3, NoData.IGNORE, Origin.FILE)
    assert (slo.display_name, slo.description) == ("Payments are taken", "A customer who pays gets an answer.")
    assert dict(slo.labels) == {"team": "money", "tags": "a,b"}
    assert dict(slo.annotations) == {
        "fournines/runbook": "https://runbooks.example.com/payments",
        "example.com/other": "kept",
    }
    assert slo.place == Place(str(tmp_path / "slos.yaml"), 4, 3)


def test_a_moved_slo_is_the_same(load):
    """Where a file declares an SLO is no part of what it promises."""
    (before,), (after,) = load(SLO), load("# one line more\n" + SLO)

    assert before == after
    assert before.place != after.place


@pytest.mark.parametrize(
    ("written", "target"),
    [("target: 0.9999", "0.9999"), ("target: 0.99990", "0.99990"), ("targetPercent: 99.99", "0.9999"),
     ("targetPercent: 99.995", "0.99995"), ("targetPercent: 99", "0.99"), ("target: 0.99999999999", "0.99999999999")],
)  # fmt: skip
def test_targets_are_exact(load, written, target):
    """The target is the decimal in the file, not the float nearest to it."""
    (slo,) = load(SLO.replace("target: 0.9999", written))

    assert str(slo.objective) == target


def test_what_may_be_left_out(load):
    """Without a window it is 30 rolling days; without annotations the workbook's rules; `isRolling` is implied."""
    (slo,) = load(text(document(spec__timeWindow=None, metadata__annotations=None, metadata__displayName=None)))
    assert (slo.window, slo.rules, slo.display_name) == (DEFAULT_WINDOW, WORKBOOK, "")

    (slo,) = load(text(document(spec__timeWindow=[{"duration": "7d"}])))
    assert slo.window == Window.parse("7d")


def test_latency(load):
    """A `thresholdMetric` is a latency: the objective's value, in seconds."""
    objectives = [{"op": "lte", "value": 0.25, "target": 0.99}]
    (slo,) = load(text(document(spec__indicator__spec=THRESHOLD, spec__objectives=objectives)))

    assert slo.sli == SLI(SLIKind.LATENCY, "payments", threshold=Decimal("0.25"))


def source(**spec):
    return {"metricSource": {"type": "fournines", "spec": spec}}


@pytest.mark.parametrize("name", ["good", "bad"])
def test_conditions(load, name):
    """`where` narrows the events of `total`; the conditions of `good` or `bad` replace the table; the part may leave out the rest."""
    ratio = {
        name: source(signal="spans", conditions=["http.response.status_code < 500", "tenant == gold"]),
        "total": source(signal="spans", where=["http.route == /pay"], kind="server"),
    }
    (slo,) = load(text(document(spec__indicator__spec={"ratioMetric": ratio})))
    conditions = (Condition.parse("http.response.status_code < 500"), Condition.parse("tenant == gold"))

    assert slo.sli == SLI(
        SLIKind.AVAILABILITY,
        "payments",
        signal="spans",
        where=(Condition.parse("http.route == /pay"),),
        **{name: conditions},
    )


@pytest.mark.parametrize(
    "spec", [{"signal": "spans", "kind": "client"}, {"signal": "http.client.request.duration"}], ids=str
)
def test_what_a_caller_saw(load, spec):
    """A client's view is sent by the caller, and still is the promise of the SLO's service."""
    total = source(**spec, service="gateway")
    (slo,) = load(text(document(spec__indicator__spec={"ratioMetric": {"good": total, "total": total}})))

    assert (slo.sli.service, slo.sli.span_kind, slo.service) == ("gateway", SpanKind.CLIENT, "payments")


def test_several_objectives(load):
    """Each objective of a ratio becomes an SLO of its own, named after it, or numbered where it has no name."""
    objectives = [
        {"displayName": "Four Nines!", "target": 0.9999},
        {"target": 0.99},
        {"displayName": "x" * 60, "target": 0.9},
    ]
    slos = load(text(document(spec__objectives=objectives)))

    assert [(slo.name, str(slo.objective), slo.display_name[:31]) for slo in slos] == [
        ("payments-availability-four-nines", "0.9999", "Payments are taken: Four Nines!"),
        ("payments-availability-2", "0.99", "Payments are taken"),
        ("payments-availability-3", "0.9", "Payments are taken: " + "x" * 11),
    ]


def test_annotations(load):
    """What stands under `fournines/` sets what OpenSLO has no key for."""
    notes = {
        "fournines/burn-rules": "page 2% 1h 5m; ticket 12.5% 3d 6h;",
        "fournines/min-bad-events": "10",
        "fournines/no-data": "bad",
        "fournines/owner": "team money",
    }
    (slo,) = load(text(document(metadata__annotations=notes)))

    assert [(rule.severity, float(rule.budget_share), str(rule.long), str(rule.short)) for rule in slo.rules] == [
        (Severity.PAGE, 0.02, "1h", "5m"),
        (Severity.TICKET, 0.125, "3d", "6h"),
    ]
    assert (slo.min_bad_events, slo.no_data, slo.annotations["fournines/owner"]) == (10, NoData.BAD, "team money")


# References

SLI_OBJECT = an_object("SLI", "requests", RATIO)
BY_REFERENCE = document(spec__indicator=None) | {}
BY_REFERENCE["spec"]["indicatorRef"] = "requests"

POLICY = {
    "alertWhenBreaching": True,
    "conditions": [{"conditionRef": "fast"}],
    "notificationTargets": [{"targetRef": "on-call"}],
}
CONDITION = {
    "severity": "page",
    "condition": {"kind": "burnrate", "op": "gt", "threshold": 14.4, "lookbackWindow": "1h", "alertAfter": "0m"},
}
ALERTS = [
    an_object("AlertPolicy", "pager", POLICY),
    an_object("AlertCondition", "fast", CONDITION),
    an_object("AlertNotificationTarget", "on-call", {"target": "pagerduty"}),
    an_object("DataSource", "ours", {"type": "fournines", "connectionDetails": {"any": ["thing"]}}),
    an_object("Service", "payments", {"description": "Takes money."}),
]


def test_references_across_files(load):
    """An SLO may refer to an SLI of another file, whatever the order of the files."""
    (referring,) = load(**{"a.yaml": text(BY_REFERENCE), "sub/z.yml": text(SLI_OBJECT)})
    (inline,) = load(**{"a.yaml": SLO, "sub/z.yml": text(SLI_OBJECT)})

    assert referring == inline


def test_a_data_source_gives_the_type(load):
    """A source that refers to a DataSource may leave its type to it."""
    total = {"metricSource": {"metricSourceRef": "ours", "spec": {"signal": "spans"}}}
    slo = document(spec__indicator__spec={"ratioMetric": {"bad": total, "total": total}})

    assert load(text(slo, *ALERTS))[0].sli.signal == "spans"


# Faults, each with its line


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"apiVersion": "openslo/v0"}, "1: apiVersion: write openslo/v1 (openslo/v1, openslo/v1alpha, openslo.com/v2alpha are read)"),
        ({"apiVersion": None}, "are read); this is nothing"),
        ({"kind": "Slo"}, "2: kind: is one of `SLO`, `SLI`, `Service`,"),
        ({"kind": "SLOs"}, "did you mean `SLO`?"),
        ({"metadata__name": None}, "3: metadata.name: is missing"),
        ({"metadata__name": "Payments"}, "4: metadata.name: 'Payments' is no name"),
        ({"metadata__name": "a" * 64}, "is no name: up to 63"),
        ({"metadata__name": "a\n"}, "is no name"),
        ({"metadata__name": 5}, "metadata.name: needs a text, not the number 5; quote it: \"5\""),
        ({"metadata__labels": {"team": 5}}, "metadata.labels.team: needs a text, not the number 5"),
        ({"metadata__labels": {"-team": "x"}}, "metadata.labels.-team: '-team' is no label"),
        ({"metadata__annotations": {"a b": "x"}}, "metadata.annotations.a b: 'a b' is no annotation"),
        ({"metadata__annotations": {"fournines/runbok": "https://x"}}, "did you mean `fournines/runbook`?"),
        ({"metadata__annotations": {"fournines/runbook": "javascript:alert(1)"}}, "is no address; write https://..."),
        ({"metadata__annotations": {"fournines/min-bad-events": 5}}, "needs a text, not the number 5; quote it"),
        ({"metadata__annotations": {"fournines/min-bad-events": "0"}}, "'0' is no whole number of 1 or more"),
        ({"metadata__annotations": {"fournines/no-data": "broken"}}, "'broken' is neither bad, good nor ignore"),
        ({"metadata__annotations": {"fournines/burn-rules": "page 2% 5m 1h"}}, "1h is not shorter than 5m"),
        ({"spec": None}, "1: spec: is missing"),
        ({"spec": "x"}, "spec: needs keys below it, not the text 'x'"),
        ({"spec": []}, "spec: needs keys below it, not a list"),
        ({"extra": {}}, "extra: unknown key `extra`; allowed: `apiVersion`, `kind`, `metadata`, `spec`"),
        ({"spec__servise": "x"}, "spec.servise: unknown key `servise`, did you mean `service`? allowed: `description`,"),
        ({"spec__service": None}, "spec.service: is missing"),
        ({"spec__service": ""}, "spec.service: is empty"),
        ({"spec__description": "x" * 1051}, "spec.description: takes at most 1050 characters"),
        ({"spec__indicator": None}, "spec: needs one of `indicator` and `indicatorRef`"),
        ({"spec__indicatorRef": "requests"}, "spec: needs one of `indicator` and `indicatorRef`, not both"),
        ({"spec__indicator__spec": {}}, "spec.indicator.spec: needs one of `ratioMetric` and `thresholdMetric`"),
        ({"spec__indicator__spec": RATIO | THRESHOLD}, "needs one of `ratioMetric` and `thresholdMetric`"),
        ({"spec__indicator__spec__ratioMetric__bad": TOTAL}, "spec.indicator.spec.ratioMetric: needs one of `good` and `bad`, not both"),
        ({"spec__indicator__spec__ratioMetric__good": None}, "needs one of `good` and `bad`"),
        ({"spec__indicator__spec__ratioMetric__total": None}, "needs `total`"),
        ({"spec__indicator__spec__ratioMetric__counter": "yes"}, "needs true or false, not the text 'yes'"),
        ({"spec__indicator__spec__ratioMetric": {"raw": TOTAL, "rawType": "success"}}, "raw.metricSource.spec.signal: is 'slos'"),
        ({"spec__timeWindow": []}, "spec.timeWindow: needs at least 1 item, and has 0"),
        ({"spec__timeWindow": [{"duration": "30d"}] * 2}, "spec.timeWindow: takes at most 1 item, and has 2"),
        ({"spec__timeWindow": {"duration": "30d"}}, "spec.timeWindow: needs a list, not keys"),
        ({"spec__timeWindow__0__duration": "1h30m"}, "spec.timeWindow[0].duration: '1h30m' is no duration"),
        ({"spec__timeWindow__0__duration": "30D"}, "'30D' is no duration"),
        ({"spec__timeWindow": [{"duration": "1M"}]}, "spec.timeWindow[0]: 1M is a calendar's, whose months differ: write a `calendar`"),
        ({"spec__timeWindow__0__duration": "500d"}, "a window spans 10s to 400d"),
        ({"spec__timeWindow__0__isRolling": False}, "`isRolling: false` needs a `calendar`"),
        ({"spec__timeWindow__0__isRolling": "true"}, "needs true or false, not the text 'true'"),
        (
            {"spec__timeWindow__0__calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"}},
            "spec.timeWindow[0]: a rolling window has no `calendar`",
        ),
        ({"spec__budgetingMethod": None}, "spec.budgetingMethod: is missing"),
        ({"spec__budgetingMethod": "occurrences"}, "is 'Occurrences', 'Timeslices' or 'RatioTimeslices', not the text"),
        ({"spec__objectives": []}, "spec.objectives: needs at least 1 item"),
        ({"spec__objectives__0__target": 1.0}, "spec.objectives[0].target: a target lies between 0 and 1"),
        ({"spec__objectives__0__target": 99.99}, "both excluded: 99.99 % is 0.9999; not 99.99"),
        ({"spec__objectives__0__target": "99.90%"}, "both excluded: 99.9 % is 0.999; not the text '99.90%'"),
        ({"spec__objectives__0__target": "abc%"}, "needs a number, not the text 'abc%'"),
        ({"spec__objectives__0__target": 100}, "a target lies between 0 and 1, both excluded, such as 0.9999; not 100"),
        ({"spec__objectives__0__target": "0.9999"}, "needs a number, not the text '0.9999'"),
        ({"spec__objectives__0__targetPercent": 99.99}, "needs one of `target` and `targetPercent`, not both"),
        ({"spec__objectives__0__target": None}, "needs one of `target` and `targetPercent`"),
        ({"spec__objectives": [{"targetPercent": 100}]}, "spec.objectives[0].targetPercent: a target lies between"),
        ({"spec__objectives__0__value": 0.25}, "spec.objectives[0].value: belongs to a `thresholdMetric`"),
        ({"spec__objectives__0__op": "lte"}, "spec.objectives[0].op: belongs to a `thresholdMetric`"),
        ({"spec__objectives__0__timeSliceTarget": 0.9}, "belongs to the budgeting method Timeslices"),
        ({"spec__objectives__0__compositeWeight": 1}, "spec: `compositeWeight` belongs to objectives that each have one of"),
        ({"spec__objectives__0__indicatorRef": "x"}, "no SLI named `x` is in these files"),
        ({"spec__alertPolicies": [{}]}, "spec.alertPolicies[0]: needs either `alertPolicyRef`, or all of `kind`,"),
        ({"spec__alertPolicies": [{"alertPolicyRef": "x"}]}, "spec.alertPolicies[0].alertPolicyRef: no AlertPolicy named `x`"),
        (
            {"spec__alertPolicies": [{"alertPolicyRef": "x", "kind": "AlertPolicy"}]},
            "needs either `alertPolicyRef` or `kind`, `metadata` and `spec`, not both",
        ),
    ],
)  # fmt: skip
def test_faults_of_an_slo(faults_of, changes, expected):
    """Each mistake is named with its place in the document and what would be right."""
    assert any(expected in fault for fault in faults_of(text(document(**changes))))


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ({"type": "Datadog", "spec": {"query": "up"}}, "numbers of type `Datadog` can't be asked for: write `fournines`"),
        ({"spec": {"signal": "spans"}}, "needs `type: fournines` or `type: prometheus`, or a `metricSourceRef`"),
        ({"metricSourceRef": "x", "spec": {"signal": "spans"}}, "metricSourceRef: no DataSource named `x`"),
        ({"type": "fournines"}, "spec: is missing"),
        ({"type": "fournines", "spec": {}}, "spec.signal: is missing"),
        ({"type": "fournines", "spec": {"signal": ""}}, "'' is no signal"),
        ({"type": "fournines", "spec": {"signal": 5}}, "needs a text, not the number 5"),
        ({"type": "fournines", "spec": {"signal": "spans", "were": []}}, "did you mean `where`?"),
        ({"type": "fournines", "spec": {"signal": "spans", "where": []}}, "spec.where: needs at least 1 item"),
        ({"type": "fournines", "spec": {"signal": "spans", "where": ["a ~ b"]}}, "spec.where[0]: 'a ~ b' is no condition"),
        ({"type": "fournines", "spec": {"signal": "spans", "where": [5]}}, "spec.where[0]: needs a text"),
        ({"type": "fournines", "spec": {"signal": "spans", "conditions": ["a == b"]}}, "unknown key `conditions`"),
        ({"type": "fournines", "spec": {"signal": "spans", "kind": "producer"}}, "'producer' is none of server, client, consumer"),
        ({"type": "fournines", "spec": {"signal": "spans", "kind": "client"}}, "needs `service`: the service.name of the caller"),
        (
            {"type": "fournines", "spec": {"signal": "http.server.request.duration", "kind": "client", "service": "x"}},
            "is measured by the server",
        ),
    ],
)  # fmt: skip
def test_faults_of_a_source(faults_of, total, expected):
    """A metric source is checked where it stands, for latency as for a ratio's total."""
    objectives = [{"op": "lte", "value": 0.25, "target": 0.99}]
    indicator = {"thresholdMetric": {"metricSource": total}}
    (fault,) = faults_of(text(document(spec__indicator__spec=indicator, spec__objectives=objectives)))

    assert "spec.indicator.spec.thresholdMetric.metricSource" in fault
    assert expected in fault


def test_good_is_a_part_of_total(faults_of):
    """Good and total must mean the same events."""
    ratio = {"good": source(signal="spans", where=["a == b"]), "total": source(signal="x")}
    (fault,) = faults_of(text(document(spec__indicator__spec={"ratioMetric": ratio})))

    assert (
        fault
        == "21: spec.indicator.spec.ratioMetric: `good` and `total` differ in `signal`, `where`; `good` may leave it out"
    )


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (
            {"op": "lt", "value": 0.25, "target": 0.99},
            "objectives[0].op: lt can't be told from a histogram, whose buckets hold what equals their boundary; write lte",
        ),
        ({"op": "gte", "value": 0.25, "target": 0.99}, "objectives[0].op: gte would promise slow requests; write lte"),
        ({"value": 0.25, "target": 0.99}, "objectives[0].op: is missing: write lte"),
        ({"op": "lte", "target": 0.99}, "objectives[0].value: is missing: the threshold; of a duration in seconds"),
        ({"op": "lte", "value": 0, "target": 0.99}, "objectives[0].value: a latency threshold is more than 0 seconds"),
        ({"op": "lte", "value": -1, "target": 0.99}, "objectives[0].value: a latency threshold is more than 0 seconds"),
        ({"op": "smaller", "value": 1, "target": 0.99}, "is 'lte', 'gte', 'lt' or 'gt', not the text 'smaller'"),
    ],
)
def test_faults_of_a_latency_objective(faults_of, objective, expected):
    """A latency says `op: lte` and its threshold."""
    (fault,) = faults_of(text(document(spec__indicator__spec=THRESHOLD, spec__objectives=[objective])))

    assert expected in fault


def test_an_unknown_kind_is_one_fault(faults_of):
    """What an object says of itself can't be judged before it is known what it is."""
    text = "apiVersion: openslo/v1\nkind: Slo\nmetadata: {name: a, annotations: {fournines/runbook: 'https://r'}}\nspec: {}\n"

    assert [fault.split(" ")[1] for fault in faults_of(text)] == ["kind:"]


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("AlertPolicy", POLICY | {"conditions": []}, "spec.conditions: needs at least 1 item"),
        ("AlertPolicy", POLICY | {"conditions": [{"conditionRef": "fast"}] * 2}, "spec.conditions: takes at most 1 item"),
        ("AlertPolicy", POLICY | {"conditions": [{"conditionRef": "fasd"}]}, "`fasd` is in these files, did you mean `fast`?"),
        ("AlertPolicy", POLICY | {"notificationTargets": [{"targetRef": "x"}]}, "no AlertNotificationTarget named `x`"),
        ("AlertCondition", CONDITION | {"severity": ""}, "spec.severity: is empty"),
        ("AlertCondition", CONDITION | {"condition": CONDITION["condition"] | {"kind": "x"}}, "is 'burnrate', not the text 'x'"),
        ("AlertCondition", CONDITION | {"condition": {"kind": "burnrate"}}, "spec.condition.threshold: is missing"),
        ("AlertNotificationTarget", {}, "spec.target: is missing"),
        ("DataSource", {"connectionDetails": {}}, "spec.type: is missing"),
        ("Service", {"name": "x"}, "unknown key `name`; allowed: `description`"),
        ("SLI", {}, "needs one of `ratioMetric` and `thresholdMetric`"),
    ],
)  # fmt: skip
def test_faults_of_other_kinds(faults_of, kind, spec, expected):
    """Every kind is checked, whether an SLO uses it or not."""
    faults = faults_of(text(document(), *ALERTS, an_object(kind, "tested", spec)))

    assert any(expected in fault for fault in faults)


def test_a_data_source_of_another_type(faults_of):
    """A reference to a source that nobody can ask is a fault where it is made; the source itself is not."""
    total = {"metricSource": {"metricSourceRef": "theirs", "spec": {"signal": "spans"}}}
    slo = document(spec__indicator__spec={"ratioMetric": {"bad": total, "total": total}})
    faults = faults_of(text(slo, an_object("DataSource", "theirs", {"type": "Datadog"})))

    assert len(faults) == 2
    assert all("numbers of type `Datadog` can't be asked for" in fault for fault in faults)


def test_our_annotations_elsewhere(faults_of):
    """An annotation of ours where nobody would read it is a fault, not silence."""
    service = an_object("Service", "payments", {})
    service["metadata"]["annotations"] = {"fournines/runbook": "https://x.example"}
    (fault,) = faults_of(text(document(), service))

    assert "annotations under fournines/ are read in the metadata of an SLO only" in fault


# Whole loads


def test_all_faults_at_once_in_file_order(load, tmp_path):
    """One load names every fault of every file, in the order of files and lines."""
    bad = text(document(metadata__name="B", spec__service="", spec__objectives__0__target=2.0))
    with pytest.raises(SpecError) as caught:
        load(**{"b.yaml": bad, "a.yaml": "a: 1\n---\n" + SLO + "unknown: 1\n", "c.yaml": "x: [\n"})
    faults = caught.value.faults

    assert [(fault.file.removeprefix(f"{tmp_path}/"), fault.line) for fault in faults] == [
        ("a.yaml", 1), ("a.yaml", 25), ("b.yaml", 4), ("b.yaml", 16), ("b.yaml", 39), ("c.yaml", 2),
    ]  # fmt: skip
    assert str(caught.value).splitlines() == [str(fault) for fault in faults]
    assert str(faults[0]).startswith(f"{tmp_path}/a.yaml:1:1: apiVersion: write openslo/v1")


def test_duplicates_name_both_places(load, tmp_path):
    """Two objects of one kind and name are a fault that names the first."""
    with pytest.raises(SpecError) as caught:
        load(**{"a.yaml": SLO, "b.yaml": SLO, "c.yaml": text(SLI_OBJECT, SLI_OBJECT)})

    assert [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults] == [
        "b.yaml:4:3: metadata.name: another SLO is named `payments-availability` already, in a.yaml:4:3",
        "c.yaml:18:3: metadata.name: another SLI is named `requests` already, in c.yaml:4:3",
    ]


def test_made_names_may_not_meet_others(faults_of):
    """A name made of an objective's may be another SLO's: that is a fault too."""
    several = document(spec__objectives=[{"displayName": "strict", "target": 0.9999}, {"target": 0.9}])
    (fault,) = faults_of(text(several, document(metadata__name="payments-availability-strict")))

    assert "makes another SLO named `payments-availability-strict`" in fault


@pytest.mark.parametrize("files", [("a", "b"), ("b", "a")])
def test_made_names_may_not_meet_in_whatever_order_files_are_given(tmp_path, files):
    """The later of two is said to make another of that name."""
    for name, (made_of, objective) in {"a": ("pay-x", "a"), "b": ("pay", "x a")}.items():
        several = [{"displayName": objective, "target": 0.9999}, {"target": 0.9}]
        content = text(document(metadata__name=made_of, spec__objectives=several))
        (tmp_path / f"{name}.yaml").write_text(content)
    with pytest.raises(SpecError) as caught:
        load_slos([tmp_path / f"{name}.yaml" for name in files])

    assert [fault.file for fault in caught.value.faults] == [str(tmp_path / f"{files[1]}.yaml")]
    assert "makes another SLO named `pay-x-a`" in caught.value.faults[0].message


def test_kinds_may_share_a_name(load):
    """A service and an SLI may be named alike."""
    assert load(text(document(), an_object("Service", "requests", {}), SLI_OBJECT))


def test_a_broken_file_makes_no_reference_dangle(faults_of):
    """What a file that can't be read might have held is not said to be missing."""
    assert len(faults_of(**{"a.yaml": text(BY_REFERENCE), "b.yaml": "x: [\n"})) == 1


def test_a_faulty_sli_makes_no_reference_dangle(faults_of):
    """An SLI with a fault is there all the same: the one fault is the SLI's."""
    (fault,) = faults_of(text(BY_REFERENCE, an_object("SLI", "requests", {"extra": 1} | RATIO)))

    assert "unknown key `extra`" in fault


def test_folders(tmp_path, load):
    """A folder gives its YAML files at any depth, once each and without hidden ones, which Kubernetes mounts twice."""
    load(**{"b/z.yml": SLO, "..data/z.yml": SLO, "notes.txt": "no YAML: ["})

    assert len(load_slos([tmp_path, tmp_path / "b", tmp_path / "b" / "z.yml"])) == 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "holds no *.yaml or *.yml file"),
        ({"empty.yaml": ""}, "empty.yaml: holds no document"),
        ({"comments.yaml": "# nothing\n---\n"}, "comments.yaml: holds no document"),
        ({"sli.yaml": text(SLI_OBJECT)}, "declares no SLO"),
        (
            {"list.yaml": "- a\n"},
            "list.yaml:1:3: [0]: an object has keys: apiVersion, kind, metadata and spec; this is the text 'a'",
        ),
        ({"none.yaml": "[]\n"}, "this is a list"),
        ({"text.yaml": "hello\n"}, "this is the text 'hello'"),
    ],
)
def test_no_slo_at_all(load, files, expected):
    """A load without any SLO is a fault: somebody pointed at the wrong place."""
    with pytest.raises(SpecError, match=r".") as caught:
        load(**files)

    assert expected in str(caught.value)


def test_a_path_that_is_not_there(tmp_path):
    """A missing file is a fault with its path."""
    with pytest.raises(SpecError, match=r"nowhere\.yaml: can't be read: No such file"):
        load_slos([tmp_path / "nowhere.yaml"])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("loop.yaml", "Too many levels of symbolic links"),
        ("dangling.yaml", "No such file"),
        ("x" * 300, "name too long"),
    ],
)
def test_a_path_that_leads_nowhere(tmp_path, name, why):
    """Links that lead nowhere or round in a circle, and names no file can have, are faults like any other."""
    if len(name) < 100:
        (tmp_path / name).symlink_to(name if name == "loop.yaml" else "nowhere")
    with pytest.raises(SpecError, match=f"{name}: can't be read: .*{why}"):
        load_slos([tmp_path / name])


def test_no_file_of_a_folder_is_passed_over(load, tmp_path):
    """A link of a folder that leads nowhere, or a folder that can't be listed, is said: its SLOs would silently be gone."""
    (tmp_path / "moved.yaml").symlink_to("nowhere.yaml")

    with pytest.raises(SpecError, match=r"moved\.yaml: can't be read: No such file"):
        load(**{"a.yaml": SLO})


def test_a_folder_that_cannot_be_listed(load, tmp_path, monkeypatch):
    """Whatever is in it, nobody knows; so nothing is loaded without it."""

    def scandir(path, real=os.scandir):
        if Path(path).name == "shut":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    (tmp_path / "shut").mkdir()
    monkeypatch.setattr(os, "scandir", scandir)

    with pytest.raises(SpecError, match=r"shut: can't be read: Permission denied"):
        load(**{"a.yaml": SLO})


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.text(max_size=8), below, max_size=3)),
    max_leaves=5,
)


def paths(value, at=()):
    """Every path within a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in items for path in paths(item, (*at, key)))]


WHOLE = [document(), *ALERTS, SLI_OBJECT]
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # most of the test's time, in Python


def loads_or_names_places(tmp_path, content):
    """Loads a file, or gets faults whose lines are in it; never anything else."""
    file = tmp_path / "slos.yaml"
    file.write_bytes(content)
    try:
        found, faults = load_slos([file]), ()
    except SpecError as error:
        found, faults = (), error.faults

    assert bool(found) is not bool(faults)
    assert all(0 <= fault.line <= content.count(b"\n") + 2 for fault in faults)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([path for path in paths(WHOLE) if path]), ANYTHING)
def test_any_value_anywhere(tmp_path, path, value):
    """Whatever stands at whatever path of valid files, the answer is SLOs or faults with places, and no other error."""
    documents = copy.deepcopy(WHOLE)
    at = documents
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value

    content = yaml.dump_all(documents, Dumper=DUMPER, allow_unicode=True)
    loads_or_names_places(tmp_path, content.encode("utf-8", "surrogatepass"))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(SLO)), st.integers(0, 20), st.binary(max_size=6)), min_size=1, max_size=4))
def test_any_edit(tmp_path, edits):
    """Whatever is cut from or put into a valid file, the answer is SLOs or faults with places, and no other error."""
    content = SLO.encode()
    for start, length, replacement in edits:
        content = content[:start] + replacement + content[start + length :]

    loads_or_names_places(tmp_path, content)
