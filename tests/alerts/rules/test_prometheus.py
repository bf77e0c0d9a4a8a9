"""The generated rules: their form, their verdicts by promtool, and a real Prometheus."""

from __future__ import annotations

import dataclasses
import http.server
import itertools
import json
import math
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from fractions import Fraction

import promql_parser
import pytest
import yaml

from fournines.alerts import names
from fournines.alerts.rules.prometheus import build_rules, rules_yaml, write
from fournines.slo import WORKBOOK, BurnRule, Severity, Window, metric_names

PAYMENTS = "payments-availability"
PER_STEP = 1_000_000


def rules_of(slo, kind="record"):
    """The rules of an SLO by record name and window, or its alerts of burn by severity."""
    rules = [rule for group in build_rules([slo])["groups"] for rule in group["rules"] if kind in rule]
    rules = [rule for rule in rules if rule.get("alert", names.ALERT_BURN) == names.ALERT_BURN]
    return {rule["record"] if kind == "record" else rule["labels"]["severity"]: rule for rule in rules}


def test_the_file_does_not_depend_on_order(slo):
    """The same SLOs give the same bytes; YAML gives the document back."""
    slos = [slo(), slo("users-availability", "users", "0.999")]
    assert rules_yaml(slos) == rules_yaml(slos[::-1])
    assert build_rules(slos) == yaml.safe_load(rules_yaml(slos))


def test_names_are_sloth_s(slo):
    """Dashboards made for Sloth find every record under its name, with its labels."""
    records = rules_of(slo(labels={"team": "core"}))
    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
    assert {
        *(f"slo:sli_error:ratio_rate{window}" for window in windows),
        "slo:objective:ratio",
        "slo:error_budget:ratio",
        "slo:time_period:days",
        "slo:current_burn_rate:ratio",
        "slo:period_burn_rate:ratio",
        "slo:period_error_budget_remaining:ratio",
        "sloth_slo_info",
        "slo:events:total",
    } == set(records)
    assert {
        "sloth_id": "payments-payments-availability",
        "sloth_service": "payments",
        "sloth_slo": PAYMENTS,
        "sloth_window": "5m",
        "team": "core",
    } == records["slo:sli_error:ratio_rate5m"]["labels"]
    assert "99.99" == records["sloth_slo_info"]["labels"]["sloth_objective"]


def test_numbers_are_exact(slo):
    """No float noise between the objective and the rule."""
    records, alerts = rules_of(slo()), rules_of(slo(), "alert")
    assert "vector(0.0001)" == records["slo:error_budget:ratio"]["expr"]
    assert "vector(0.9999)" == records["slo:objective:ratio"]["expr"]
    assert all(f"> {limit})" in alerts["page"]["expr"] for limit in ("0.00144", "0.0006"))
    assert all(f"> {limit})" in alerts["ticket"]["expr"] for limit in ("0.0003", "0.0001"))


def test_alerts_wait_for_nothing_and_hold_five_minutes(slo):
    """No `for`; `keep_firing_for` instead; severity, runbook and dashboard on each; the guard on the page alone."""
    alerts = rules_of(slo(annotations={"fournines/runbook": "https://r.example/pay"}), "alert")
    assert {"page", "ticket"} == set(alerts)
    for severity, alert in alerts.items():
        assert (names.ALERT_BURN, "5m", severity) == (
            alert["alert"],
            alert["keep_firing_for"],
            alert["labels"]["sloth_severity"],
        )
        assert "for" not in alert
        assert "https://r.example/pay" == alert["annotations"]["runbook_url"]
        assert "http://127.0.0.1:8400/slo/payments-availability" == alert["annotations"]["dashboard_url"]
    assert ">= 3" in alerts["page"]["expr"]
    assert "increase" not in alerts["ticket"]["expr"]


def test_an_slo_without_tickets_has_no_ticket_alert(slo):
    """Rules are the SLO's, not ours."""
    page_only = tuple(rule for rule in WORKBOOK if rule.severity is Severity.PAGE)
    assert {"page"} == set(rules_of(slo(rules=page_only), "alert"))
    short = dataclasses.replace(slo(rules=page_only), window=Window.parse("6h"), rules=page_only[:1])
    assert ["fournines-slo-fast-payments-availability", "fournines-watchdog"] == [
        group["name"] for group in build_rules([short])["groups"]
    ]


@pytest.mark.parametrize("window", ["30d", "28d", "7d", "36h"])
def test_every_expression_parses(slo, window):
    """PromQL by an independent parser."""
    hostile = slo('pay"ments\\', "pay{ments", labels={"a.b": "1", "a_b": "2", "slo": "x"})
    for item in (hostile, slo(target="0.99995")):
        for group in build_rules([dataclasses.replace(item, window=Window.parse(window))])["groups"]:
            for rule in group["rules"]:
                promql_parser.parse(rule["expr"])


def test_every_metric_of_a_rule_is_recorded_or_scraped(slo):
    """No rule reads a name that nobody writes."""
    groups = build_rules([slo()])["groups"]
    written = {rule.get("record") for group in groups for rule in group["rules"]} | {
        metric_names.EVENTS,
        metric_names.STATE,
    }
    read = set()
    for group in groups:
        for rule in group["rules"]:
            read |= {part.split("{")[0] for part in rule["expr"].replace("(", " ").split() if "{" in part}
    assert read <= written


@pytest.fixture
def promtool(promtool_binary, tmp_path):
    """Runs promtool; returns whether it was content, and what it said."""

    def run(*arguments):
        ended = subprocess.run(
            [promtool_binary, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
        )
        return ended.returncode == 0, ended.stdout + ended.stderr

    return run


def test_promtool_finds_nothing_to_say(promtool, tmp_path, slo, latency_slo):
    """Two SLOs, a hostile one, two of which service and name run together alike; all lints, every finding fatal."""
    alike = slo("api-availability", "users"), slo("availability", "users-api")
    hostile = slo("evil-availability", 'e"vil', labels={"x": 'a {{ .Fail }} "q"'}, description="{{ fail }}")
    (path,) = write(tmp_path, [slo(), latency_slo, hostile, *alike])
    assert tmp_path / "prometheus" / "rules.yml" == path
    assert (True, path) == (*promtool("check", "rules", "--lint=all", "--lint-fatal", str(path))[:1], path)


def series(*parts):
    """A series in promtool's notation: (increment, samples) after each other, from 0."""
    value, text = 0, []
    for increment, samples in parts:
        text.append(f"{value}+{increment}x{samples - 1}")
        value += increment * samples
    return " ".join(text)


class Case:
    """One promtool test of one SLO: counters in steps of `step` minutes, and what holds when."""

    def __init__(self, name, step, good, bad):
        self.document = {
            "name": name,
            "interval": f"{step}m",
            "input_series": [
                {
                    "series": f'slo_events_total{{slo="{PAYMENTS}",service="payments",result="{result}"}}',
                    "values": values,
                }
                for result, values in (("good", good), ("bad", bad))
                if values
            ],
            "promql_expr_test": [],
        }

    def holds(self, minutes, expr, value=None):
        """`expr` has one sample without labels of that value, or none at all."""
        samples = [] if value is None else [{"labels": "{}", "value": value}]
        test = {"expr": expr, "eval_time": f"{minutes}m", "exp_samples": samples}
        self.document["promql_expr_test"].append(test)
        return self

    def fires(self, minutes, severity, firing):
        """Whether the alert of that severity fires."""
        expr = f'count(ALERTS{{alertname="SLOErrorBudgetBurn", alertstate="firing", severity="{severity}"}})'
        return self.holds(minutes, expr, 1 if firing else None)


@pytest.fixture
def judged(promtool, tmp_path):
    """Lets promtool run cases against the rules of SLOs."""

    def run(slos, *cases, minutes=1):
        (tmp_path / "rules.yml").write_text(rules_yaml(slos))
        tests = [case.document for case in cases]
        document = {"rule_files": ["rules.yml"], "evaluation_interval": f"{minutes}m", "tests": tests}
        (tmp_path / "tests.yml").write_text(yaml.safe_dump(document))
        content, words = promtool("test", "rules", "tests.yml")
        assert content, words

    return run


@pytest.mark.parametrize("rule", WORKBOOK, ids=lambda rule: f"{rule.severity.value}-{rule.long}-{rule.short}")
def test_each_pair_fires_when_it_should_and_only_then(judged, slo, rule):
    """Above its factor it fires; at 0.9 of it not; nor with the short or the long window alone; and it resolves."""
    step = {"1h": 1, "6h": 2}.get(str(rule.long), 4)
    short, long = rule.short.seconds // 60 // step, rule.long.seconds // 60 // step
    limit = int(rule.factor(Window.parse("30d")) * Fraction(1, 10_000) * PER_STEP)
    severity, some, before = rule.severity.value, 2 * short, max(4 * short, min(long, 80))
    good = series((PER_STEP, before * 3))
    calm = 5 // step + 3
    cases = [
        Case("above", step, good, series((limit * 11 // 10, before))).fires(some * step, severity, firing=True),
        Case("below", step, good, series((limit * 9 // 10, before))).fires(some * step, severity, firing=False),
        Case("short alone", step, good, series((0, before), (3 * limit, before)))
        .fires((before + short) * step, severity, firing=False)
        .fires(before * 7 // 4 * step, severity, firing=True),
        Case("long alone", step, good, series((10 * limit, some), (0, before)))
        .fires(some * step, severity, firing=True)
        .fires((some + short // 2) * step, severity, firing=True)
        .fires((some + short + calm) * step, severity, firing=False)
        .holds((some + short + calm) * step, f"sum(slo:sli_error:ratio_rate{rule.long} > bool {limit / PER_STEP})", 1),
    ]
    judged([slo(rules=(rule,))], *cases, minutes=step)


def test_the_guard_of_the_page_holds(judged, slo):
    """Two failures in an hour of little traffic wake nobody, four do."""
    cases = [
        Case("two", 1, series((1, 70)), series((0, 58), (1, 2), (0, 10))).fires(61, "page", firing=False),
        Case("four", 1, series((1, 70)), series((0, 56), (1, 4), (0, 10))).fires(61, "page", firing=True),
    ]
    judged([slo(rules=WORKBOOK[:1])], *cases)


def test_no_errors_yet_and_no_traffic(judged, slo):
    """Before the first failure the ratio is 0, with or without its series; without traffic there is none, and later it is back."""
    ratio = "max(slo:sli_error:ratio_rate5m)"
    cases = [
        Case("no bad series", 1, series((100, 30)), "")
        .holds(20, ratio, 0)
        .holds(20, "max(slo:current_burn_rate:ratio)", 0),
        Case("a bad series at 0", 1, series((100, 30)), series((0, 30))).holds(20, ratio, 0),
        Case("a pause", 1, series((100, 30), (0, 30), (100, 30)), series((1, 30), (0, 60)))
        .holds(20, ratio, 1 / 101)
        .holds(50, ratio)
        .holds(50, "max(slo:sli_error:ratio_rate1h) > bool 0.009", 1)
        .holds(85, ratio, 0)
        .fires(50, "page", firing=True),
    ]
    judged([slo()], *cases)


def test_long_windows_are_counts_and_no_mean_of_ratios(judged, slo):
    """A minute of 10 failures in 10 beside a day of millions of good events is 0.001 %, not the mean of the minutes."""
    good, bad = series((0, 5), (10_000, 300)), series((0, 3), (10, 1), (0, 301))
    truth = 10 / (10_000 * 300 + 10)
    expr = f"abs(max(slo:sli_error:ratio_rate1d) / {truth:.12f} - 1) < bool 0.02"
    judged([slo(rules=WORKBOOK[2:3])], Case("mean", 4, good, bad).holds(300 * 4, expr, 1), minutes=4)


def test_a_reset_counter_loses_nothing(judged, slo):
    """A collector with a new ledger starts at 0, and no window sees a negative or a giant rate."""
    good, bad = f"{series((1_000, 60))} {series((1_000, 60))}", f"{series((1, 60))} {series((1, 60))}"
    case = Case("reset", 1, good, bad)
    for record in ("5m", "1h", "1d"):
        expr = f"abs(max(slo:sli_error:ratio_rate{record}) / {1 / 1001:.12f} - 1) < bool 0.05"
        case.holds(90, expr, 1)
    judged([slo()], case)


def test_the_whole_set_pages_and_tickets_once(judged, slo):
    """All pairs OR-ed: one page, one ticket, with labels and texts as people get them."""
    case = Case("outage", 1, series((100, 30), (0, 90)), series((0, 30), (100, 90)))
    case.document["alert_rule_test"] = [
        {
            "alertname": "SLOErrorBudgetBurn",
            "eval_time": "40m",
            "exp_alerts": [alert("page"), alert("ticket")],
        }
    ]
    labels = {"team": 'a {{ .Fail }} "q"'}
    judged([slo(labels=labels, annotations={"fournines/runbook": "https://r.example/{{x}}"})], case)


def alert(severity):
    """The alert after ten minutes of outage."""
    pairs = {"page": "14.4x over 1h and 5m, or 6x over 6h and 30m", "ticket": "3x over 1d and 2h, or 1x over 3d and 6h"}
    value = {"page": "100%", "ticket": "25%"}
    return {
        "exp_labels": {
            "severity": severity,
            "sloth_severity": severity,
            "slo": PAYMENTS,
            "service": "payments",
            "sloth_id": "payments-payments-availability",
            "sloth_service": "payments",
            "sloth_slo": PAYMENTS,
            "team": 'a {{ .Fail }} "q"',
        },
        "exp_annotations": {
            "summary": "payments-availability burns 10kx, the error budget is over-spent",
            "description": f"The promise: 99.99 % over 30d. Now {value[severity]} of the events fail."
            f" It fires when the error budget burns above {pairs[severity]}.",
            "runbook_url": "https://r.example/{{x}}",
            "dashboard_url": "http://127.0.0.1:8400/slo/payments-availability",
        },
    }


def test_a_real_prometheus_loads_evaluates_and_fires(prometheus_binary, run_server, free_port, tmp_path, slo):
    """Scraped from a socket, evaluated by the real engine: every rule healthy, ratio and burn as served, page and ticket firing."""
    counts = itertools.count(1)

    class Metrics(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            tick = next(counts)
            lines = [
                f'slo_events_total{{slo="{PAYMENTS}",service="payments",result="{result}"}} {tick * share}'
                for result, share in (("good", 98), ("bad", 2))
            ]
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(("\n".join(lines) + "\n").encode())

        def log_message(self, *arguments):
            """Says nothing."""

    source = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    thread = threading.Thread(target=source.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    port = free_port()
    rules = rules_yaml([slo(labels={"team": "core {{ x }}"})])
    for interval in ("30s", "2m"):
        rules = rules.replace(f"  interval: {interval}\n", "  interval: 1s\n")
    (tmp_path / "rules.yml").write_text(rules)
    target = f"127.0.0.1:{source.server_port}"
    configuration = {
        "global": {"scrape_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [{"job_name": "fournines", "static_configs": [{"targets": [target]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    command = [
        prometheus_binary,
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]

    def ask(path, **parameters):
        url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def until(question, seconds=40):
        deadline = time.monotonic() + seconds
        while not (found := question()) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    try:
        with run_server(command, f"http://127.0.0.1:{port}/-/ready"):
            wanted = {("SLOErrorBudgetBurn", "page"), ("SLOErrorBudgetBurn", "ticket"), ("Watchdog", "none")}
            firing = until(lambda: len(ask("alerts")["alerts"]) == 3 and ask("alerts")["alerts"])
            assert firing, ask("rules")
            assert {(*pair, "firing") for pair in wanted} == {
                (a["labels"]["alertname"], a["labels"]["severity"], a["state"]) for a in firing
            }
            assert {"core {{ x }}", None} == {a["labels"].get("team") for a in firing}
            found = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
            assert {"ok"} == {rule["health"] for rule in found}, found
            burn = until(lambda: ask("query", query="slo:current_burn_rate:ratio")["result"])
            assert math.isclose(200, float(burn[0]["value"][1]), rel_tol=1e-6)
            left = until(lambda: ask("query", query="slo:period_error_budget_remaining:ratio")["result"])
            assert math.isclose(-199, float(left[0]["value"][1]), rel_tol=1e-6)
    finally:
        source.shutdown()
        thread.join()
        source.server_close()


def test_factors_follow_the_window(slo):
    """Two per cent in an hour of 28 days is 13.44x, and the rule says so exactly."""
    rule = BurnRule(Severity.PAGE, Fraction(2, 100), Window.parse("1h"), Window.parse("5m"))
    alerts = rules_of(dataclasses.replace(slo(rules=(rule,)), window=Window.parse("28d")), "alert")
    assert "> 0.001344)" in alerts["page"]["expr"]
    assert "13.44x over 1h and 5m" in alerts["page"]["annotations"]["description"]
