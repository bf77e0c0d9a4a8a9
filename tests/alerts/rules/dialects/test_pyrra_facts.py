"""Pyrra's rules as Pyrra's own tests have them: what its code is expected to write of these SLOs, rule by rule, and of one to the byte.

Where its tests are of an older version than its code (waits for absence, native histograms, names of rates), the code decides.
"""

from __future__ import annotations

import subprocess
from typing import NamedTuple

import pytest
import yaml

from fournines.alerts.rules.dialects.pyrra_files import generic_files, generic_notes, pyrra_files

GRPC = 'grpc_method="Write",grpc_service="conprof.WritableProfileStore",job="api"'
GRPC_LABELS = {"grpc_method": "Write", "grpc_service": "conprof.WritableProfileStore", "job": "api"}
FAILED = 'grpc_code=~"Aborted|Unavailable|Internal|Unknown|Unimplemented|DataLoss",'
JOB = 'job="thanos-receive-default"'
METRICS = 'job="metrics-service-thanos-receive-default"'
READ = 'job="apiserver",resource=~"resource|",verb=~"LIST|GET"'
WRITTEN = 'job="apiserver",verb=~"POST|PUT|PATCH|DELETE"'

TIERS = {
    "1w": [
        ("1m", "1m", "15m", "12h"),
        ("4m", "8m", "1h30m", "1d"),
        ("15m", "30m", "6h", "3d12h"),
        ("45m", "1h30m", "1d", "1w"),
    ],
    "2w": [
        ("1m", "3m", "30m", "1d"),
        ("8m", "15m", "3h", "2d"),
        ("30m", "1h", "12h", "1w"),
        ("1h30m", "3h", "2d", "2w"),
    ],
    "4w": [("2m", "5m", "1h", "2d"), ("15m", "30m", "6h", "4d"), ("1h", "2h", "1d", "2w"), ("3h", "6h", "4d", "4w")],
}
"""Of a window: the wait, the short and the long window and the exhaustion of each alert."""
RATES = {
    "1w": ("1m", "8m", "15m", "30m", "1h30m", "6h", "1d"),
    "2w": ("3m", "15m", "30m", "1h", "3h", "12h", "2d"),
    "4w": ("5m", "30m", "1h", "2h", "6h", "1d", "4d"),
}
EVERY = {"1w": "1m", "2w": "1m30s", "4w": "2m30s"}
IN_GO = {
    "1m": "1m0s",
    "2m": "2m0s",
    "8m": "8m0s",
    "15m": "15m0s",
    "30m": "30m0s",
    "1h": "1h0m0s",
    "1h30m": "1h30m0s",
    "3h": "3h0m0s",
}


class Fact(NamedTuple):
    """An SLO, and what Pyrra's tests expect of it; `W` stands for a window."""

    indicator: str
    target: str
    window: str
    burn: str
    record: str
    labels: dict[str, str]
    matchers: str
    increases: list[tuple[str, str]]
    absent: list[str]
    grouping: str = "[]"
    alerting: str = "{}"


def ratio(bad, every):
    """A ratio of two selectors."""
    return f"{{ratio: {{errors: {{metric: '{bad}'}}, total: {{metric: '{every}'}}, grouping: GROUPING}}}}"


def latency(good, every):
    """A bucket of a histogram."""
    return f"{{latency: {{success: {{metric: '{good}'}}, total: {{metric: '{every}'}}, grouping: GROUPING}}}}"


HTTP = ratio(f'http_requests_total{{{JOB},code=~"5.."}}', f"http_requests_total{{{JOB}}}")
RPC = ratio(f"grpc_server_handled_total{{{GRPC},{FAILED[:-1]}}}", f"grpc_server_handled_total{{{GRPC}}}")
SECONDS = latency(
    f'grpc_server_handling_seconds_bucket{{{GRPC},le="0.6"}}', f"grpc_server_handling_seconds_count{{{GRPC}}}"
)
OPERATOR = ratio("prometheus_operator_reconcile_errors_total", "prometheus_operator_reconcile_operations_total")
DURATION = "http_request_duration_seconds"


def timed(more=""):
    """A histogram of requests."""
    return latency(
        f'{DURATION}_bucket{{{METRICS},code=~"2..",{more}le="1"}}',
        f'{DURATION}_count{{{METRICS},code=~"2..",{more[:-1]}}}',
    )


def of_seconds(by):
    """How a share of slow calls is asked for."""
    every = f"sum{by}(rate(grpc_server_handling_seconds_count{{{GRPC}}}[W]))"
    return f'({every} - sum{by}(rate(grpc_server_handling_seconds_bucket{{{GRPC},le="0.6"}}[W]))) / {every}'


def of_requests(by, more=""):
    """How a share of slow requests is asked for."""
    every = f'sum{by}(rate({DURATION}_count{{code=~"2..",{more}{METRICS}}}[W]))'
    return f'({every} - sum{by}(rate({DURATION}_bucket{{code=~"2..",{more}{METRICS},le="1"}}[W]))) / {every}'


def counted(name, by, matchers, le):
    """The two counts of a histogram."""
    every, good = (f"increase({name}_{kind}[W])" for kind in (f"count{{{matchers}}}", f"bucket{{{le}}}"))
    return [(f"{name}:increaseW", f"sum{by}({every})"), (f"{name}:increaseW", f"sum{by}({good})")]


FACTS = {
    "http-ratio": Fact(
        HTTP, "99", "4w",
        f'sum(rate(http_requests_total{{code=~"5..",{JOB}}}[W])) / sum(rate(http_requests_total{{{JOB}}}[W]))',
        "http_requests", {"job": "thanos-receive-default"}, JOB + ",",
        [("http_requests:increaseW", f"sum by (code) (increase(http_requests_total{{{JOB}}}[W]))")],
        [f"http_requests_total{{{JOB}}}"],
    ),
    "http-ratio-grouping": Fact(
        HTTP, "99", "4w",
        f'sum by (handler, job) (rate(http_requests_total{{code=~"5..",{JOB}}}[W]))'
        f" / sum by (handler, job) (rate(http_requests_total{{{JOB}}}[W]))",
        "http_requests", {}, JOB + ",",
        [("http_requests:increaseW", f"sum by (code, handler, job) (increase(http_requests_total{{{JOB}}}[W]))")],
        [f"http_requests_total{{{JOB}}}"], "[job, handler]",
    ),
    "http-ratio-grouping-regex": Fact(
        HTTP.replace(JOB, f'{JOB},handler=~"/api.*"'), "99", "4w",
        f'sum by (handler, job) (rate(http_requests_total{{code=~"5..",handler=~"/api.*",{JOB}}}[W]))'
        f' / sum by (handler, job) (rate(http_requests_total{{handler=~"/api.*",{JOB}}}[W]))',
        "http_requests", {}, f'handler=~"/api.*",{JOB},',
        [("http_requests:increaseW", f'sum by (code, handler, job) (increase(http_requests_total{{handler=~"/api.*",{JOB}}}[W]))')],
        [f'http_requests_total{{handler=~"/api.*",{JOB}}}'], "[job, handler]",
    ),
    "grpc-errors": Fact(
        RPC, "99.9", "4w",
        f"sum(rate(grpc_server_handled_total{{{FAILED}{GRPC}}}[W])) / sum(rate(grpc_server_handled_total{{{GRPC}}}[W]))",
        "grpc_server_handled", GRPC_LABELS, GRPC + ",",
        [("grpc_server_handled:increaseW", f"sum by (grpc_code) (increase(grpc_server_handled_total{{{GRPC}}}[W]))")],
        [f"grpc_server_handled_total{{{GRPC}}}"],
    ),
    "grpc-errors-grouping": Fact(
        RPC, "99.9", "4w",
        f"sum by (handler, job) (rate(grpc_server_handled_total{{{FAILED}{GRPC}}}[W]))"
        f" / sum by (handler, job) (rate(grpc_server_handled_total{{{GRPC}}}[W]))",
        "grpc_server_handled", {k: v for k, v in GRPC_LABELS.items() if k != "job"}, GRPC + ",",
        [("grpc_server_handled:increaseW", f"sum by (grpc_code, handler, job) (increase(grpc_server_handled_total{{{GRPC}}}[W]))")],
        [f"grpc_server_handled_total{{{GRPC}}}"], "[job, handler]",
    ),
    "http-latency": Fact(
        timed(), "99.5", "4w", of_requests(""), DURATION, {"job": "metrics-service-thanos-receive-default"}, METRICS + ",",
        counted(DURATION, " by (code) ", f'code=~"2..",{METRICS}', f'code=~"2..",{METRICS},le="1"'),
        [f'{DURATION}_count{{code=~"2..",{METRICS}}}', f'{DURATION}_bucket{{code=~"2..",{METRICS},le="1"}}'],
    ),
    "http-latency-grouping-regex": Fact(
        timed('handler=~"/api.*",'), "99.5", "4w", of_requests(" by (handler, job) ", 'handler=~"/api.*",'), DURATION, {},
        f'handler=~"/api.*",{METRICS},',
        counted(
            DURATION, " by (code, handler, job) ", f'code=~"2..",handler=~"/api.*",{METRICS}',
            f'code=~"2..",handler=~"/api.*",{METRICS},le="1"',
        ),
        [
            f'{DURATION}_count{{code=~"2..",handler=~"/api.*",{METRICS}}}',
            f'{DURATION}_bucket{{code=~"2..",handler=~"/api.*",{METRICS},le="1"}}',
        ],
        "[job, handler]",
    ),
    "grpc-latency": Fact(
        SECONDS, "99.5", "1w", of_seconds(""), "grpc_server_handling_seconds", GRPC_LABELS, GRPC + ",",
        counted("grpc_server_handling_seconds", "", GRPC, f'{GRPC},le="0.6"'),
        [f"grpc_server_handling_seconds_count{{{GRPC}}}", f'grpc_server_handling_seconds_bucket{{{GRPC},le="0.6"}}'],
    ),
    "grpc-latency-grouping": Fact(
        SECONDS, "99.5", "1w", of_seconds(" by (handler, job) "), "grpc_server_handling_seconds",
        {k: v for k, v in GRPC_LABELS.items() if k != "job"}, GRPC + ",",
        counted("grpc_server_handling_seconds", " by (handler, job) ", GRPC, f'{GRPC},le="0.6"'),
        [f"grpc_server_handling_seconds_count{{{GRPC}}}", f'grpc_server_handling_seconds_bucket{{{GRPC},le="0.6"}}'],
        "[job, handler]",
    ),
    "operator-ratio-grouping": Fact(
        OPERATOR, "99", "2w",
        "sum by (namespace) (rate(prometheus_operator_reconcile_errors_total[W]))"
        " / sum by (namespace) (rate(prometheus_operator_reconcile_operations_total[W]))",
        "prometheus_operator_reconcile_operations", {}, "",
        [
            (f"prometheus_operator_reconcile_{of}:increaseW", f"sum by (namespace) (increase(prometheus_operator_reconcile_{of}_total[W]))")
            for of in ("operations", "errors")
        ],
        ["prometheus_operator_reconcile_operations_total", "prometheus_operator_reconcile_errors_total"], "[namespace]",
    ),
    "apiserver-write-response-errors": Fact(
        ratio(f'apiserver_request_total{{{WRITTEN},code=~"5.."}}', f"apiserver_request_total{{{WRITTEN}}}"), "99", "2w",
        f'sum(rate(apiserver_request_total{{code=~"5..",{WRITTEN}}}[W])) / sum(rate(apiserver_request_total{{{WRITTEN}}}[W]))',
        "apiserver_request", {"job": "apiserver"}, 'job="apiserver",',
        [("apiserver_request:increaseW", f"sum by (code, verb) (increase(apiserver_request_total{{{WRITTEN}}}[W]))")],
        [f"apiserver_request_total{{{WRITTEN}}}"],
        alerting="{name: APIServerErrorBudgetBurn, absentName: APIServerMetricAbsent, severities: {fastBurn: page, slowBurn: info}}",
    ),
    "apiserver-read-resource-latency": Fact(
        latency(f'apiserver_request_duration_seconds_bucket{{{READ},le="0.1"}}', f"apiserver_request_duration_seconds_count{{{READ}}}"),
        "99", "2w",
        f"(sum by (resource, verb) (rate(apiserver_request_duration_seconds_count{{{READ}}}[W]))"
        ' - sum by (resource, verb) (rate(apiserver_request_duration_seconds_bucket{job="apiserver",le="0.1",resource=~"resource|",'
        f'verb=~"LIST|GET"}}[W]))) / sum by (resource, verb) (rate(apiserver_request_duration_seconds_count{{{READ}}}[W]))',
        "apiserver_request_duration_seconds", {"job": "apiserver"}, READ.replace(",verb", ",slo=SLO,verb"),
        counted(
            "apiserver_request_duration_seconds", " by (resource, verb) ", READ,
            'job="apiserver",le="0.1",resource=~"resource|",verb=~"LIST|GET"',
        ),
        [
            f"apiserver_request_duration_seconds_count{{{READ}}}",
            'apiserver_request_duration_seconds_bucket{job="apiserver",le="0.1",resource=~"resource|",verb=~"LIST|GET"}',
        ],
        "[resource, verb]",
    ),
    "up-targets": Fact(
        """{bool_gauge: {metric: 'up{instance!~"(127.0.0.1|localhost).*"}', grouping: GROUPING}}""", "99", "4w",
        '(sum by (instance, job) (count_over_time(up{instance!~"(127.0.0.1|localhost).*"}[W]))'
        ' - sum by (instance, job) (sum_over_time(up{instance!~"(127.0.0.1|localhost).*"}[W])))'
        ' / sum by (instance, job) (count_over_time(up{instance!~"(127.0.0.1|localhost).*"}[W]))',
        "up", {}, 'instance!~"(127.0.0.1|localhost).*",',
        [
            (f"up:{of}W", f'sum by (__name__, instance, job) ({of}_over_time(up{{instance!~"(127.0.0.1|localhost).*"}}[W]))')
            for of in ("count", "sum")
        ],
        ['up{instance!~"(127.0.0.1|localhost).*"}'], "[job, instance]",
    ),
}  # fmt: skip
ABSENT_FOR = {("99", "4w"): "10m", ("99.9", "4w"): "3m", ("99.5", "4w"): "6m", ("99.5", "1w"): "2m", ("99", "2w"): "5m"}


def spec(name, fact):
    """The file of an SLO."""
    return (
        f"apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {{name: {name}}}\nspec:\n  target: '{fact.target}'\n"
        f"  window: {fact.window}\n  indicator: {fact.indicator.replace('GROUPING', fact.grouping)}\n  alerting: {fact.alerting}\n"
    )


def expected_alerts(name, fact):
    """The alerts of an SLO: severity, waits and windows by tier."""
    alerting = yaml.safe_load(fact.alerting)
    own = alerting.get("severities", {})
    slo = f'slo="{name}"'
    matchers = fact.matchers.replace("slo=SLO", slo) if "SLO" in fact.matchers else fact.matchers + slo
    tiers = zip(TIERS[fact.window], (14, 7, 2, 1), ("fastBurn", "mediumBurn", "slowBurn", "longTermBurn"), strict=True)
    for (wait, short, long, exhaustion), factor, key in tiers:
        usual = "critical" if factor > 2 else "warning"
        limit = f"({factor} * (1-{float(fact.target) / 100}))"
        above = [f"{fact.record}:burnrate{window}{{{matchers}}} > {limit}" for window in (short, long)]
        labels = {"short": short, "long": long, "severity": own.get(key, usual), "exhaustion": exhaustion}
        yield {
            "alert": alerting.get("name", "ErrorBudgetBurn"),
            "expr": " and ".join(above),
            "for": IN_GO[wait] if fact.indicator.startswith("{ratio") else wait,
            "labels": {"slo": name, **fact.labels, **labels},
        }


@pytest.mark.parametrize("name", FACTS)
def test_burn_rates_and_alerts_are_pyrra_s(carried, name):
    """Each of the seven records and of the four alerts: name, expression, wait and labels."""
    fact = FACTS[name]
    (text,) = pyrra_files(carried(spec(name, fact))).values()
    group = yaml.safe_load(text)["groups"][1]

    records = [
        {
            "expr": fact.burn.replace("W]", f"{rate}]"),
            "labels": {"slo": name, **fact.labels},
            "record": f"{fact.record}:burnrate{rate}",
        }
        for rate in RATES[fact.window]
    ]
    assert {"interval": "30s", "name": name, "rules": [*records, *expected_alerts(name, fact)]} == group


@pytest.mark.parametrize("name", FACTS)
def test_counts_and_alerts_of_absence_are_pyrra_s(carried, name):
    """Kept apart by what errors are told by and by patterns; a wait of what the quickest alert would take."""
    fact = FACTS[name]
    (text,) = pyrra_files(carried(spec(name, fact))).values()
    group = yaml.safe_load(text)["groups"][0]

    assert (f"{name}-increase", EVERY[fact.window]) == (group["name"], group["interval"])
    grouped = {"verb", "resource", "instance"} | set(yaml.safe_load(fact.grouping))
    labels = {"slo": name, **{key: text for key, text in fact.labels.items() if key not in grouped}}
    assert [
        (record.replace("W", fact.window), expr.replace("W]", f"{fact.window}]")) for record, expr in fact.increases
    ] == [(rule["record"], rule["expr"]) for rule in group["rules"] if "record" in rule]
    alerts = [rule for rule in group["rules"] if "alert" in rule]
    assert [f"absent({series}) == 1" for series in fact.absent] == [rule["expr"] for rule in alerts]
    called = yaml.safe_load(fact.alerting).get("absentName", "SLOMetricAbsent")
    wait = ABSENT_FOR[fact.target, fact.window]
    assert {(called, wait, "critical")} == {(rule["alert"], rule["for"], rule["labels"]["severity"]) for rule in alerts}
    assert all(labels.items() <= rule["labels"].items() for rule in group["rules"])
    boundaries = {rule["labels"].get("le") for rule in group["rules"] if "_bucket" in rule["expr"]}
    assert all(f'le="{each}"' in text for each in boundaries)


BYTES = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: http
  labels: {pyrra.dev/team: foo, team: bar}
  annotations: {pyrra.dev/description: foo, description: bar}
spec:
  target: "99.5"
  window: 28d
  indicator:
    ratio:
      errors: {metric: 'http_requests_total{job="app",status=~"5.."}'}
      total: {metric: 'http_requests_total{job="app"}'}
"""


def test_a_whole_file_is_pyrra_s_to_the_byte(carried):
    """Order of keys, folds and quotes; but `partial_response_strategy`, which Pyrra writes in Kubernetes alone."""
    labels = "      job: app\n      slo: http\n      team: foo\n"
    lines = [
        "groups:\n- interval: 2m30s\n  name: http-increase\n  rules:\n",
        '  - expr: sum by (status) (increase(http_requests_total{job="app"}[4w]))\n    labels:\n',
        f"{labels}    record: http_requests:increase4w\n",
        "  - alert: SLOMetricAbsent\n    annotations:\n      description: foo\n",
        '    expr: absent(http_requests_total{job="app"}) == 1\n    for: 6m\n    labels:\n',
        "      job: app\n      severity: critical\n      slo: http\n      team: foo\n",
        "- interval: 30s\n  name: http\n  rules:\n",
    ]
    for rate in RATES["4w"]:
        bad, every = (f'sum(rate(http_requests_total{{job="app"{more}}}[{rate}]))' for more in (',status=~"5.."', ""))
        lines.append(f"  - expr: {bad} / {every}\n    labels:\n{labels}    record: http_requests:burnrate{rate}\n")
    for (wait, short, long, exhaustion), factor in zip(TIERS["4w"], (14, 7, 2, 1), strict=True):
        one, other = (f'http_requests:burnrate{rate}{{job="app",slo="http"}}' for rate in (short, long))
        limit = f"> ({factor} * (1-0.995))"
        severity = "critical" if factor > 2 else "warning"
        lines.append(
            f"  - alert: ErrorBudgetBurn\n    annotations:\n      description: foo\n    expr: {one} {limit} and {other}\n      {limit}\n"
            f"    for: {IN_GO[wait]}\n    labels:\n      exhaustion: {exhaustion}\n      job: app\n      long: {long}\n"
            f"      severity: {severity}\n      short: {short}\n      slo: http\n      team: foo\n"
        )

    assert {"http.yaml": "".join(lines)} == pyrra_files(carried(BYTES))


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        (
            "http-ratio",
            [
                (
                    f'1 - sum(http_requests:increase4w{{code=~"5..",{JOB},slo="http-ratio"}} or vector(0))'
                    f' / sum(http_requests:increase4w{{{JOB},slo="http-ratio"}})'
                ),
                f"sum(rate(http_requests_total{{{JOB}}}[5m]))",
                f'sum(rate(http_requests_total{{code=~"5..",{JOB}}}[5m])) or vector(0)',
            ],
        ),
        (
            "http-latency",
            [
                (
                    f'sum({DURATION}:increase4w{{code=~"2..",{METRICS},le="1",slo="http-latency"}} or vector(0))'
                    f' / sum({DURATION}:increase4w{{code=~"2..",{METRICS},le="",slo="http-latency"}})'
                ),
                f'sum(rate({DURATION}_count{{code=~"2..",{METRICS}}}[5m]))',
                (
                    f'sum(rate({DURATION}_count{{code=~"2..",{METRICS}}}[5m]))'
                    f' - sum(rate({DURATION}_bucket{{code=~"2..",{METRICS},le="1"}}[5m]))'
                ),
            ],
        ),
        (
            "up-targets",
            [
                'sum(up:sum4w{slo="up-targets"}) / sum(up:count4w{slo="up-targets"})',
                'sum(up:count4w{slo="up-targets"})',
                'sum(up:count4w{slo="up-targets"}) - sum(up:sum4w{slo="up-targets"})',
            ],
        ),
        (
            "native",
            [
                'sum(d:increase4w{job="a",le="0.2",slo="native"} or vector(0)) / sum(d:increase4w{job="a",le="",slo="native"})'
            ],
        ),
    ],
)
def test_generic_rules_are_pyrra_s(carried, name, rules):
    """Target, window, availability and rates under the same names for every SLO, in a group of their own behind the others."""
    native = """{latencyNative: {latency: 200ms, total: {metric: 'd{job="a"}'}}}"""
    fact = FACTS["up-targets" if name == "native" else name]._replace(grouping="[]")
    if name in ("up-targets", "native"):
        fact = fact._replace(indicator="{bool_gauge: {metric: up}}" if name == "up-targets" else native)
    slos = carried(spec(name, fact))
    (text,) = generic_files(slos).values()
    *others, group = yaml.safe_load(text)["groups"]

    expressions = [str(float(fact.target) / 100), "2419200", *rules]
    names = ["objective", "window", "availability", "requests:rate5m", "errors:rate5m"][: len(expressions)]
    assert (f"{name}-generic", "30s") == (group["name"], group["interval"])
    assert [(f"pyrra_{each}", expr, {"slo": name}) for each, expr in zip(names, expressions, strict=True)] == [
        (rule["record"], rule["expr"], rule["labels"]) for rule in group["rules"]
    ]
    assert {f"{name}.yaml": {"groups": others}} == {
        path: yaml.safe_load(each) for path, each in pyrra_files(slos).items()
    }


def test_who_is_counted_by_groups_has_no_generic_rules(carried):
    """As in Pyrra, which warns of it."""
    slos = carried(spec("grouped", FACTS["http-ratio-grouping"]))

    assert pyrra_files(slos) == generic_files(slos)
    assert "Pyrra has no generic rules for what is counted by groups: grouped" in list(generic_notes(slos))


def test_prometheus_takes_them(carried, promtool_binary, tmp_path):
    """All of them at once: no name, label or expression that it refuses."""
    for name, fact in FACTS.items():
        for path, text in generic_files(carried(spec(name, fact))).items():
            (tmp_path / f"rules-{path}").write_text(text)
    files = sorted(tmp_path.glob("rules-*"))
    result = subprocess.run(
        [promtool_binary, "check", "rules", "--lint=none", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (0, len(FACTS)) == (result.returncode, result.stdout.count("SUCCESS")), result.stderr
