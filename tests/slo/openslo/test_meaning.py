"""What each part of OpenSLO means once it is read: windows, methods, thresholds, queries, composites, policies, corrections."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
import yaml

from fournines.slo import (
    WORKBOOK,
    BurnRule,
    CalendarWindow,
    Composite,
    Correction,
    Member,
    Method,
    Queries,
    Rule,
    Severity,
    Slices,
    SLIKind,
    SpecError,
    Window,
)
from fournines.slo.openslo.load import read_declarations
from fournines.slo.openslo.shape import NAME

EVENTS = {"metricSource": {"type": "fournines", "spec": {"signal": "http.server.request.duration"}}}
SPANS = {"metricSource": {"type": "fournines", "spec": {"signal": "spans"}}}
RATIO = {"ratioMetric": {"good": EVENTS, "total": EVENTS}}


def an_slo(name="web", metric=RATIO, notes=(), **spec):
    """An SLO object with what is said of its `spec`."""
    inline = {} if metric is None else {"indicator": {"metadata": {"name": name}, "spec": metric}}
    usual = {"service": "web", **inline, "budgetingMethod": "Occurrences", "objectives": [{"target": 0.99}]}
    metadata = {"name": name, "annotations": dict(notes)}
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata, "spec": usual | spec}


def an_object(kind, name, spec):
    return {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def query(text):
    return {"metricSource": {"type": "prometheus", "spec": {"query": text}}}


@pytest.fixture
def read(load):
    """What objects declare."""
    return lambda *objects: load(yaml.safe_dump_all(objects, sort_keys=False))


def test_calendar_windows(read):
    """Periods begin at the start and every so many units after it, by the clocks of the zone."""
    calendar = {"startTime": "2026-01-15 06:30:00", "timeZone": "Europe/Berlin"}
    (slo,) = read(an_slo(timeWindow=[{"duration": "2Q", "calendar": calendar}]))

    assert slo.window == CalendarWindow(2, "Q", datetime.fromisoformat("2026-01-15 06:30"), "Europe/Berlin")


@pytest.mark.parametrize(
    ("method", "objective", "slices"),
    [
        ("Occurrences", {}, None),
        ("Timeslices", {"timeSliceTarget": 0.95, "timeSliceWindow": "5m"}, Slices(Decimal("0.95"), Window(300))),
        ("Timeslices", {"timeSliceTarget": 1, "timeSliceWindow": 2}, Slices(Decimal(1), Window(120))),
        ("RatioTimeslices", {"timeSliceWindow": "1m"}, Slices(None, Window(60))),
    ],
)
def test_methods(read, method, objective, slices):
    """The method says what the budget counts; a length without a unit is of minutes."""
    (slo,) = read(an_slo(budgetingMethod=method, objectives=[{"target": 0.99, **objective}]))

    assert (Method(method), slices) == (slo.method, slo.slices)


def test_rules_that_hold_no_slice_are_left_out(read):
    """Of the usual rules those remain whose short window holds a slice."""
    (slo,) = read(an_slo(budgetingMethod="RatioTimeslices", objectives=[{"target": 0.9, "timeSliceWindow": "1h"}]))

    assert WORKBOOK[2:] == slo.rules
    (slo,) = read(an_slo(budgetingMethod="RatioTimeslices", objectives=[{"target": 0.9, "timeSliceWindow": "5m"}]))
    assert slo.rules == WORKBOOK


def test_several_objectives_stand_where_each_is_written(read):
    """With its own words after those of the SLO; one alone is the SLO, and stands where its name does."""
    strict, loose = {"displayName": "strict", "target": 0.99}, {"displayName": "loose", "target": 0.9}
    slos = [*read(an_slo(objectives=[strict, loose])), *read(an_slo(objectives=[loose]))]
    lines = [slo.place.line for slo in slos]

    assert ["strict", "loose", ""] == [slo.display_name for slo in slos]
    assert lines[0] + 2 == lines[1]
    assert lines[2] < lines[0]
    assert ["web-strict", "web-loose", "web"] == [slo.name for slo in slos]


def test_one_weighed_objective_is_beside_its_sum(read):
    """The two have two names, as those of several."""
    objectives = [{"target": 0.99, "indicatorRef": "sli", "compositeWeight": 3}]
    slos = read(an_slo(metric=None, objectives=objectives), an_object("SLI", "sli", RATIO))

    assert ["web-1", "web"] == [slo.name for slo in slos]


def test_a_slice_too_long_is_said_where_its_objective_stands(faults_of):
    """What no other fault says is said of the objective, and of the whole where it is the only one."""
    hours = {"target": 0.9, "timeSliceWindow": "1h"}
    rules = {"fournines/burn-rules": "page 2% 1h 5m"}
    two, one = [
        faults_of(yaml.safe_dump(an_slo(notes=rules, budgetingMethod="RatioTimeslices", objectives=[hours] * many)))
        for many in (2, 1)
    ]

    assert [fault.split(": ")[1] for fault in (*two, *one)] == ["spec.objectives[0]", "spec.objectives[1]", "spec"]


@pytest.mark.parametrize(("op", "most"), [("lte", "0.25"), ("lt", "0.249999999")])
def test_sides_of_a_duration(read, op, most):
    """Clocks that count whole nanoseconds tell what equals a threshold from what is below it."""
    objectives = [{"op": op, "value": 0.25, "target": 0.9}]
    (slo,) = read(an_slo(metric={"thresholdMetric": SPANS}, objectives=objectives))

    assert (SLIKind.LATENCY, Decimal(most)) == (slo.sli.kind, slo.sli.threshold)


def test_several_thresholds(read):
    """Each objective of a threshold is an SLO with a threshold of its own."""
    objectives = [{"displayName": str(value), "op": "lte", "value": value, "target": 0.9} for value in (1, 2)]
    slos = read(an_slo(metric={"thresholdMetric": EVENTS}, objectives=objectives))

    assert [("web-1", 1), ("web-2", 2)] == [(slo.name, slo.sli.threshold) for slo in slos]


@pytest.mark.parametrize(
    ("metric", "asked"),
    [
        (
            {"ratioMetric": {"counter": True, "good": query("sum(good)"), "total": query("sum(total)")}},
            Queries(good="sum(good)", total="sum(total)", counter=True),
        ),
        (
            {"ratioMetric": {"bad": query("increase(bad[{{.window}}])"), "total": query("increase(all[$window])")}},
            Queries(bad="increase(bad[{{.window}}])", total="increase(all[$window])"),
        ),
        ({"ratioMetric": {"rawType": "success", "raw": query("share")}}, Queries(raw="share")),
        ({"ratioMetric": {"rawType": "failure", "raw": query("share")}}, Queries(raw="1 - (share)")),
    ],
)
def test_queries(read, metric, asked):
    """An engine is asked for what is good or bad of a total, or for the share of what is good."""
    (slo,) = read(an_slo(metric=metric))

    assert ("promql", asked) == (slo.sli.signal, slo.sli.promql)


@pytest.mark.parametrize("text", ["(" * 5_000 + "a" + ")" * 5_000, "-" * 9_000 + "a", "a + " * 5_000 + "a", " "])
def test_queries_that_nobody_could_read(faults_of, text):
    """What would take a parser's time or life is a fault before it is parsed."""
    (fault,) = faults_of(yaml.safe_dump(an_slo(metric={"ratioMetric": {"rawType": "success", "raw": query(text)}})))

    assert "raw.metricSource.spec.query: is " in fault


@pytest.mark.parametrize(("op", "compared"), [("lt", "<"), ("lte", "<="), ("gt", ">"), ("gte", ">=")])
def test_sides_of_a_query(read, op, compared):
    """A query is held against its threshold once a minute; the share of the window on the good side counts."""
    source = {"metricSource": {"metricSourceRef": "engine", "spec": {"query": "queue_length"}}}
    objectives = [{"op": op, "value": 1e3, "target": 0.9}]
    (slo,) = read(
        an_slo(metric={"thresholdMetric": source}, objectives=objectives),
        an_object("DataSource", "engine", {"type": "Prometheus"}),
    )

    raw = f"avg_over_time(((queue_length) {compared} bool 1000.0)[{{{{.window}}}}:1m])"
    assert Queries(raw=raw, source="engine") == slo.sli.promql


def combined(name, rule, *of, **spec):
    """An SLO made of others."""
    source = {"metricSource": {"type": "fournines", "spec": {"signal": "slos", "rule": rule, "of": list(of)}}}
    return an_slo(name, {"ratioMetric": {"rawType": "success", "raw": source}}, **spec)


def test_composites(read):
    """SLOs are combined by a rule; members are named, weighed one unless they say more, and may be composites."""
    slos = read(
        combined("mean", "weighted", {"slo": "both", "weight": 2.5}, {"slo": "web"}),
        combined("both", "all", {"slo": "web"}, {"slo": "shop-latency"}, budgetingMethod="Timeslices"),
        an_slo(),
    )

    assert Composite(Rule.WEIGHTED, (Member("both", Fraction(5, 2)), Member("web"))) == slos[0].sli.composite
    assert (Rule.ALL, Slices()) == (slos[1].sli.composite.rule, slos[1].slices)


def test_a_member_in_no_file_may_be_one_that_a_collector_makes(tmp_path):
    """It is remarked on where the name is written: it counts once its service is heard."""
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(combined("web", "weighted", {"slo": "shop-availability"})))
    (remark,) = read_declarations([tmp_path]).remarks

    assert "of[0].slo: `shop-availability` is in no file: it counts once its service is heard" in str(remark)


def test_a_member_is_one_that_is_declared(faults_of):
    """That another SLO's name begins it makes it none; where that one holds a fault it may be one of its objectives."""
    both = combined("both", "weighted", {"slo": "web-fast"})
    objectives = [{"displayName": "fast", "target": 2}, {"displayName": "slow", "target": 0.9}]
    (unknown,) = faults_of(yaml.safe_dump_all([an_slo(), both]))
    (faulty,) = faults_of(yaml.safe_dump_all([an_slo(objectives=objectives), both]))

    assert "of[0].slo: no SLO named `web-fast` is in these files" in str(unknown)
    assert "objectives[0].target" in str(faulty)


@pytest.mark.parametrize("length", [1, 59, 60, 61, 62, 63])
def test_every_objective_has_a_name_that_a_file_may_hold(read, length):
    """However long that of its SLO is, and whatever it is called: 63 characters at most, no two the same, and as before where they fit."""
    objectives = [{"displayName": each, "target": 0.9} for each in ("", "b" * 60, "c", "ä")]
    names = [slo.name for slo in read(an_slo("n" * length, objectives=objectives))]
    numbered = [f"{'n' * length}-{number}" for number in (1, 2, 4)]

    assert all(NAME.fullmatch(name) for name in names)
    assert 4 == len(set(names))
    assert (numbered == [names[0], names[1], names[3]]) == (1 < length <= 61)


def test_weighed_objectives(read):
    """Objectives with indicators of their own are SLOs that nobody is paged for, and one together, as strict as the strictest."""
    objectives = [
        {"displayName": "a", "target": 0.99, "indicatorRef": "sli", "compositeWeight": 3},
        {"target": 0.9, "indicatorRef": "sli"},
    ]
    slos = read(an_slo(metric=None, objectives=objectives), an_object("SLI", "sli", RATIO))

    assert [("web-a", ()), ("web-2", ()), ("web", WORKBOOK)] == [(slo.name, slo.rules) for slo in slos]
    members = (Member("web-a", Fraction(3), Fraction(1, 100)), Member("web-2", Fraction(1), Fraction(1, 10)))
    assert (Composite(Rule.WEIGHTED, members), "0.99") == (slos[2].sli.composite, str(slos[2].objective))


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, ["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"]),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, ["b -> c -> b", "c -> b -> c"]),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, []),
    ],
)
def test_circles(load, links, expected):
    """What is made of itself, or depends on itself, is a fault that shows the way; a name that is reached twice is none."""
    made = [
        combined(name, "weighted", *({"slo": member} for member in members)) if members else an_slo(name)
        for name, members in links.items()
    ]
    depending = [
        an_slo(name, notes={"fournines/depends-on": ", ".join(parents)} if parents else {})
        for name, parents in links.items()
    ]
    for objects in (made, depending):
        try:
            load(yaml.safe_dump_all(objects))
            faults = []
        except SpecError as error:
            faults = [fault.message.partition(": ")[2] for fault in error.faults]

        assert expected == faults


CONDITION = {"kind": "burnrate", "op": "gt", "threshold": 14.4, "lookbackWindow": "1h", "alertAfter": "0m"}


def policy(severity="page", flags=None, **condition):
    """A policy with a condition of its own."""
    spec = {"severity": severity, "condition": CONDITION | condition}
    target = {"kind": "AlertNotificationTarget", "metadata": {"name": "chat"}, "spec": {"target": "chat"}}
    inline = {"kind": "AlertCondition", "metadata": {"name": "c"}, "spec": spec}
    return {
        "kind": "AlertPolicy",
        "metadata": {"name": "p"},
        "spec": {"conditions": [inline], "notificationTargets": [target], **(flags or {})},
    }


def rule(severity, percent, long, short):
    return BurnRule(severity, Fraction(percent) / 100, Window.parse(long), Window.parse(short))


@pytest.mark.parametrize(
    ("policies", "rules"),
    [
        ([], WORKBOOK),
        ([policy()], (rule(Severity.PAGE, 2, "1h", "5m"),)),
        ([policy(alertAfter="10m")], (rule(Severity.PAGE, 2, "1h", "10m"),)),
        ([policy(alertAfter="2h")], (rule(Severity.PAGE, 2, "1h", "5m"),)),
        ([policy("Warning", op="gte", threshold=6, lookbackWindow="6h")], (rule(Severity.TICKET, 5, "6h", "30m"),)),
        ([policy(), policy("ticket", threshold=1, lookbackWindow="3d")],
         (rule(Severity.PAGE, 2, "1h", "5m"), rule(Severity.TICKET, 10, "3d", "6h"))),
        ([policy(flags={"alertWhenBreaching": False})], ()),
        ([policy(flags={"alertWhenNoData": True})], ()),
        ([policy(flags={"alertWhenNoData": True, "alertWhenBreaching": True})], (rule(Severity.PAGE, 2, "1h", "5m"),)),
    ],
)  # fmt: skip
def test_policies_are_burn_rules(read, policies, rules):
    """A condition is a rule with a short window, as long as it must hold or a twelfth; policies replace the workbook's rules."""
    (slo,) = read(an_slo(alertPolicies=policies))

    assert rules == slo.rules


def test_our_annotation_says_more_than_a_policy(read):
    """Pairs of windows are what a policy can't say; whoever says them means them."""
    (slo,) = read(an_slo(alertPolicies=[policy()], notes={"fournines/burn-rules": "none"}))

    assert slo.rules == ()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            policy(flags={"alertWhenBreaching": True, "alertWhenResolved": False}),
            "alertWhenResolved: false has no effect",
        ),
        (policy(flags={"alertWhenBreaching": True, "alertWhenNoData": False}), "alertWhenNoData: false has no effect"),
        (policy("mauve"), "the severity `mauve` is taken for a ticket"),
        *(
            (
                policy(alertAfter=after),
                "is no shorter than lookbackWindow: 1h, and so can't be its short window: that is 5m",
            )
            for after in ("1h", "60m", "2h")
        ),
    ],
)
def test_what_of_a_policy_cannot_be_had_is_said(tmp_path, asked, said):
    """It is no fault: other tools read the file too."""
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(an_slo(alertPolicies=[asked])))
    (remark,) = read_declarations([tmp_path]).remarks

    assert said in remark.message
    assert remark.line


def test_a_composite_of_what_is_asked_for_elsewhere_is_remarked_on(tmp_path):
    """Its members are counted in one place, and PromQL is asked in another."""
    asked = an_slo("asked")
    query = {"metricSource": {"type": "prometheus", "spec": {"query": "a"}}}
    asked["spec"]["indicator"]["spec"] = {"ratioMetric": {"rawType": "success", "raw": query}}
    whole = combined("whole", "weighted", {"slo": "asked"})
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all([asked, whole]))

    (remark,) = read_declarations([tmp_path]).remarks

    assert ("whole", True) == (remark.path, remark.message.startswith("is made without asked, "))


def test_corrections(read):
    """Times are local to their zone unless they say how far they are from UTC."""
    text = """\
- {start: 2026-01-10 01:00:00, end: 2026-01-10 03:00, zone: Europe/Berlin, reason: move, author: ana}
- {start: "2026-07-05T02:00:00+02:00", duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU, zone: Europe/Berlin, reason: patches, author: ops}
"""
    (slo,) = read(an_slo(notes={"fournines/corrections": text}))

    assert slo.corrections == (
        Correction(1768003200, 7200, "move", "ana", zone="Europe/Berlin"),
        Correction(1783209600, 3600, "patches", "ops", "FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no list of corrections"),
        ("[]", "needs at least 1 item"),
        ("a: b", "needs a list, not keys"),
        ("- {start: 2026-01-10 01:00, ende: x}", "[0].ende: unknown key `ende`, did you mean `end`?"),
        ("- {start: 2026-01-10 01:00, ende: x}", "[0].reason: is missing; [0].author: is missing"),
        ("- {start: tomorrow, duration: 1h, reason: a, author: b}", "[0].start: 'tomorrow' is no time"),
        ("- {start: 2026-02-30 01:00, duration: 1h, reason: a, author: b}", "is no time: day is out of range"),
        ("- {start: 2026-01-10 01:00, reason: a, author: b}", "[0]: needs one of `end` and `duration`"),
        ("- {start: 2026-01-10 01:00, end: 2026-01-10 01:00, reason: a, author: b}", "which is not after"),
        ("- {start: 2026-01-10 01:00, duration: 1M, reason: a, author: b}", "'1M' is no duration"),
        ("- {start: 2026-01-10 01:00, duration: 1h, zone: Nowhere, reason: a, author: b}", "[0].zone: 'Nowhere' is no time zone"),
        ("- {start: 2026-01-10 01:00, duration: 1h, rrule: HOURLY, reason: a, author: b}", "is no recurrence"),
        ("- [", "no valid YAML"),
        ("- a\n---\n- b", "holds no list of corrections"),
    ],
)  # fmt: skip
def test_faults_of_corrections(faults_of, text, said):
    """All that is wrong with a list is said at once, in the line of its annotation."""
    (fault,) = faults_of(yaml.safe_dump(an_slo(notes={"fournines/corrections": text}), sort_keys=False))

    assert fault.startswith("6: metadata.annotations.fournines/corrections: ")
    assert said in fault


def test_annotations_for_the_engine(read):
    """Further windows, dependencies and groups are the SLO's."""
    notes = {
        "fournines/windows": "7d, 1M, 1Q Europe/Berlin",
        "fournines/depends-on": "users, accounts",
        "fournines/group-by": "http.route, tenant",
        "fournines/max-groups": "7",
    }
    (slo,) = read(an_slo(notes=notes))

    month, quarter = CalendarWindow(1, "M"), CalendarWindow(1, "Q", zone="Europe/Berlin")
    assert (Window.parse("7d"), month, quarter) == slo.more_windows
    assert (("users", "accounts"), ("http.route", "tenant"), 7) == (slo.depends_on, slo.group_by, slo.max_groups)


def test_versions_mean_the_same(read, tmp_path):
    """The same promise is the same in every version that can say it."""
    asked = {"source": "fournines", "queryType": "signal", "query": "http.server.request.duration"}
    older = an_slo(metric=None, timeWindow=None) | {"apiVersion": "openslo/v1alpha"}
    older["spec"] |= {
        "timeWindows": [{"unit": "Week", "count": 4, "isRolling": True}],
        "objectives": [{"target": 0.99, "value": 1, "ratioMetrics": {"good": asked, "total": asked}}],
    }
    del older["spec"]["timeWindow"]
    newer = an_slo(metric=None, timeWindow=[{"duration": "4w", "isRolling": True}]) | {
        "apiVersion": "openslo.com/v2alpha"
    }
    part = {"dataSourceSpec": {"type": "fournines"}, "spec": {"signal": "http.server.request.duration"}}
    newer["spec"]["sli"] = {"metadata": {"name": "web"}, "spec": {"ratioMetric": {"good": part, "total": part}}}
    this = an_slo(timeWindow=[{"duration": "4w", "isRolling": True}])

    assert [read(this)] * 2 == [read(older), read(newer)]


def test_labels_of_an_objective(read):
    """They stand beside the SLO's own, and win over them."""
    slo = an_slo(metric=None) | {"apiVersion": "openslo.com/v2alpha"}
    slo["metadata"]["labels"] = {"team": "a", "tier": "1"}
    part = {"dataSourceSpec": {"type": "fournines"}, "spec": {"signal": "spans"}}
    slo["spec"]["sli"] = {"metadata": {"name": "web"}, "spec": {"ratioMetric": {"good": part, "total": part}}}
    slo["spec"]["objectives"] = [{"target": 0.9, "labels": {"team": "b", "x/y": "z"}}]
    (found,) = read(slo)

    assert {"team": "b", "tier": "1", "x/y": "z"} == dict(found.labels)


def test_budget_adjustments_are_corrections(read):
    """v2alpha's take time out of the SLOs of a service, or of those of one SLI; the text says why, the name who."""
    spec = {"description": "moved", "service": "web", "startTime": "2026-01-10T01:00:00Z"}
    of_all, of_one = (
        an_object("BudgetAdjustment", name, spec | more) | {"apiVersion": "openslo.com/v2alpha"}
        for name, more in (
            ("all", {"duration": "1h"}),
            ("one", {"endTime": "2026-01-10T01:30:00Z", "indicatorRef": "sli"}),
        )
    )
    referring, *others = (
        an_slo(metric=None, indicatorRef="sli"),
        *(an_slo(name, service=name) for name in ("api", "zoo")),
    )
    slos = read(referring, an_slo("inline"), *others, an_object("SLI", "sli", RATIO), of_all, of_one)

    whole, half = Correction(1768006800, 3600, "moved", "all"), Correction(1768006800, 1800, "moved", "one")
    assert [(whole, half), (whole,), (), ()] == [slo.corrections for slo in slos]
