"""Pyrra's dialect: names, labels, expressions and waits as it has them, for each of its indicators."""

from __future__ import annotations

from dataclasses import replace

import promql_parser
import pytest
import yaml

from fournines.alerts.rules.dialects.pyrra_files import pyrra_files, pyrra_notes
from fournines.slo import Window


def spec(indicator, target="99", window="4w", more=""):
    """A file of one SLO."""
    return f"""\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {{name: shop-api, labels: {{pyrra.dev/team: shop}}, annotations: {{pyrra.dev/runbook_url: "https://r.example/x"}}}}
spec:
  target: "{target}"
  window: {window}
  indicator: {indicator}
  {more}
"""


RATIO = """{ratio: {errors: {metric: 'r_total{job="a",handler=~"/api.*",code=~"5.."}'},
    total: {metric: 'r_total{job="a",handler=~"/api.*"}'}, grouping: [handler]}}"""
LATENCY = """{latency: {success: {metric: 'd_bucket{job="a",le="0.1"}'}, total: {metric: 'd_count{job="a"}'}}}"""
NATIVE = """{latencyNative: {latency: 200ms, total: {metric: 'd{job="a"}'}}}"""
GAUGE = """{bool_gauge: {metric: 'up{job="a"}'}}"""


def groups_of(slos):
    """The groups of the one file that there is."""
    (text,) = pyrra_files(slos).values()
    return {group["name"]: group for group in yaml.safe_load(text)["groups"]}


def test_a_ratio_is_written_as_pyrra_writes_it(carried):
    """By groups, at its factors, with its waits spelt as Go does; counts are kept apart by what errors are told by."""
    groups = groups_of(carried(spec(RATIO)))
    counts, burns = groups["shop-api-increase"], groups["shop-api"]

    assert ("2m30s", "30s") == (counts["interval"], burns["interval"])
    labels = {"job": "a", "slo": "shop-api", "team": "shop"}
    assert [
        {
            "record": "r:increase4w",
            "expr": 'sum by (code, handler) (increase(r_total{handler=~"/api.*",job="a"}[4w]))',
            "labels": labels,
        },
        {
            "alert": "SLOMetricAbsent",
            "expr": 'absent(r_total{handler=~"/api.*",job="a"}) == 1',
            "for": "10m",
            "labels": {**labels, "severity": "critical"},
            "annotations": {"runbook_url": "https://r.example/x"},
        },
    ] == counts["rules"]
    assert [f"r:burnrate{each}" for each in ("5m", "30m", "1h", "2h", "6h", "1d", "4d")] == [
        rule["record"] for rule in burns["rules"][:7]
    ]
    assert (
        'sum by (handler) (rate(r_total{code=~"5..",handler=~"/api.*",job="a"}[5m]))'
        ' / sum by (handler) (rate(r_total{handler=~"/api.*",job="a"}[5m]))'
    ) == burns["rules"][0]["expr"]
    assert {
        "alert": "ErrorBudgetBurn",
        "expr": 'r:burnrate5m{handler=~"/api.*",job="a",slo="shop-api"} > (14 * (1-0.99))'
        ' and r:burnrate1h{handler=~"/api.*",job="a",slo="shop-api"} > (14 * (1-0.99))',
        "for": "2m0s",
        "labels": {**labels, "short": "5m", "long": "1h", "severity": "critical", "exhaustion": "2d"},
        "annotations": {"runbook_url": "https://r.example/x"},
    } == burns["rules"][7]
    assert [("15m0s", "4d"), ("1h0m0s", "2w"), ("3h0m0s", "4w")] == [
        (rule["for"], rule["labels"]["exhaustion"]) for rule in burns["rules"][8:]
    ]


def test_the_other_indicators(carried):
    """A histogram's bucket, a native histogram, and samples of 0 and 1; their waits are spelt as Prometheus does."""
    latency, native, gauge = (groups_of(carried(spec(each, target="99.9"))) for each in (LATENCY, NATIVE, GAUGE))

    total, bucket = 'sum(rate(d_count{job="a"}[5m]))', 'sum(rate(d_bucket{job="a",le="0.1"}[5m]))'
    assert f"({total} - {bucket}) / {total}" == latency["shop-api"]["rules"][0]["expr"]
    assert [("d:increase4w", None), ("d:increase4w", "0.1")] == [
        (rule["record"], rule["labels"].get("le")) for rule in latency["shop-api-increase"]["rules"][:2]
    ]
    assert ["3m", "3m"] == [rule["for"] for rule in latency["shop-api-increase"]["rules"][2:]]
    counts = 'sum(increase(d{job="a"}[4w]))'
    assert [
        f"histogram_count({counts})",
        f"histogram_fraction(0, 0.2, {counts}) * histogram_count({counts})",
    ] == [rule["expr"] for rule in native["shop-api-increase"]["rules"]]
    assert '1 - histogram_fraction(0, 0.2, sum(rate(d{job="a"}[5m])))' == native["shop-api"]["rules"][0]["expr"]
    assert ["up:count4w", "up:sum4w", None] == [rule.get("record") for rule in gauge["shop-api-increase"]["rules"]]
    assert "2m" == gauge["shop-api"]["rules"][7]["for"]
    assert "(14 * (1-0.9990000000000001))" in gauge["shop-api"]["rules"][7]["expr"]


@pytest.mark.parametrize(
    ("window", "first", "exhaustion"),
    [
        ("30d", ("5m", "1h4m", "2m"), "2d3h25m42s"),
        ("14d", ("3m", "30m", "1m"), "1d"),
        ("5d", ("1m", "11m", "0s"), "8h34m17s"),
    ],
)
def test_windows_grow_with_the_slo_s(carried, window, first, exhaustion):
    """And are printed as Prometheus prints them."""
    rule = groups_of(carried(spec(GAUGE, window=window)))["shop-api"]["rules"][7]

    assert (*first, exhaustion) == (
        *(rule["labels"][each] for each in ("short", "long")),
        rule["for"],
        rule["labels"]["exhaustion"],
    )


def test_how_it_alerts_is_carried(carried):
    """Names and severities of its own; no alert of absence, or of burn, where that is off."""
    alerting = "alerting: {name: Burns, absent: false, severities: {fastBurn: p1}}"
    groups = groups_of(carried(spec(RATIO, more=alerting)))
    quiet = groups_of(carried(spec(RATIO, more="alerting: {burnrates: false}")))

    assert not any("alert" in rule for rule in groups["shop-api-increase"]["rules"])
    assert [("Burns", "p1"), ("Burns", "critical")] == [
        (rule["alert"], rule["labels"]["severity"]) for rule in groups["shop-api"]["rules"][7:9]
    ]
    assert 7 == len(quiet["shop-api"]["rules"])


def test_an_slo_of_ours_asks_for_the_collector_s_counter(slo):
    """Bad and all events are series of one name, so they are counted together, by what they are."""
    groups = groups_of([slo()])
    named = 'slo="payments-availability"'

    assert [f"sum by (result) (increase(slo_events_total{{{named}}}[30d]))"] == [
        rule["expr"] for rule in groups["payments-availability-increase"]["rules"] if "record" in rule
    ]
    for group in groups.values():
        for rule in group["rules"]:
            promql_parser.parse(rule["expr"])


def test_what_pyrra_can_not_say_is_said(slo, carried):
    """Burn rules of one's own, a window that is too short, counts by another mode, factors that move with the traffic."""
    (fast,) = carried(spec(RATIO, more="performanceOverAccuracy: true"))
    (moving,) = carried(spec(RATIO, more="alerting: {burnRateType: dynamic}"))
    (theirs,) = carried(spec(GAUGE))
    short = replace(theirs, name="short", rules=(), window=Window.parse("2d"), min_bad_events=1)
    said = list(
        pyrra_notes(
            [
                fast,
                replace(moving, name="moving"),
                short,
                replace(theirs, name="theirs", min_bad_events=1),
                slo("ours", min_bad_events=1),
            ]
        )
    )

    assert [
        "shop-api is left out, Pyrra can't say it: it counts by performanceOverAccuracy, which is not written here",
        "moving is left out, Pyrra can't say it: its burn rates are dynamic, and those written here are held against fixed factors",
        "short is left out, Pyrra can't say it: of 2d its shortest windows are 0s, which Prometheus refuses",
        "ours burns at 14, 7, 2 and 1 times there, whatever its burn rules say",
    ] == said


def test_what_is_grouped_by_twice_is_grouped_by_once(carried):
    """As in Pyrra, whose groups are a set."""
    once, twice = (carried(spec(RATIO.replace("[handler]", each))) for each in ("[handler]", "[handler, handler]"))

    assert groups_of(once) == groups_of(twice)


@pytest.mark.parametrize(
    ("indicator", "why"),
    [
        (
            "{ratio: {success: {metric: good_total}, total: {metric: all_total}}}",
            "its ratio names success, whose rules are not written here: name errors and total",
        ),
        (
            "{latency: {success: {metric: d_bucket}, total: {metric: d_count}}}",
            "its good events are of no bucket, and Pyrra's ratio is of errors",
        ),
        (RATIO.replace('5.."}', '5.."} offset 1m'), "is no name of a metric with matchers alone"),
    ],
)
def test_what_is_asked_for_otherwise_is_left_out(carried, indicator, why):
    """And said, with the reason; nothing is written as something else."""
    slos = carried(spec(indicator))

    assert {} == pyrra_files(slos)
    assert any("shop-api is left out" in note and why in note for note in pyrra_notes(slos))


def test_a_native_histogram_is_grouped_as_its_file_says(carried):
    """Its counts, that is, in that order and with those labels as well; its burn rates in the order of the alphabet, as all others."""
    groups = groups_of(carried(spec(NATIVE.replace("total:", "grouping: [job, handler], total:"))))
    counts, burn = groups["shop-api-increase"]["rules"], groups["shop-api"]["rules"][0]

    assert 'histogram_count(sum by (job, handler) (increase(d{job="a"}[4w])))' == counts[0]["expr"]
    assert {"job": "a", "slo": "shop-api", "team": "shop"} == counts[0]["labels"]
    assert '1 - histogram_fraction(0, 0.2, sum by (handler, job) (rate(d{job="a"}[5m])))' == burn["expr"]
    assert {"slo": "shop-api", "team": "shop"} == burn["labels"]


def test_a_label_of_the_slo_stays_on_alerts_that_are_grouped_by_it(carried):
    """On its records the groups' own takes its place."""
    groups = groups_of(carried(spec(RATIO).replace("pyrra.dev/team: shop", "pyrra.dev/handler: api")))
    rules = groups["shop-api"]["rules"]

    assert (None, "api") == (rules[0]["labels"].get("handler"), rules[7]["labels"].get("handler"))


def test_annotations_are_carried_to_the_letter(carried):
    """With the ends of their lines; and what is a number in the file is a text in the rules."""
    text = spec(RATIO, more="alerting: {severities: {fastBurn: 1}}").replace(
        '"https://r.example/x"', '"https://r.example/x\\nor call\\n"'
    )
    (written,) = pyrra_files(carried(text)).values()

    assert "    annotations:\n      runbook_url: |\n        https://r.example/x\n        or call\n    expr:" in written
    assert '      severity: "1"\n' in written
