"""A real Prometheus that records the generated rules answers every query of Grafana's rules; their arithmetic is done here.

No Grafana can be had: its reduction of an instant answer is the answer, and its conditions are simple enough to be computed.
"""

from __future__ import annotations

import http.server
import itertools
import json
import math
import threading
import time
import urllib.parse
import urllib.request

import pytest
import yaml

from fournines.alerts.rules.grafana.provision import DATASOURCE, build_groups
from fournines.alerts.rules.prometheus import rules_yaml
from fournines.slo import WORKBOOK

BURNING, CALM, QUIET, CHILD = "payments-availability", "calm", "quiet", "child"
GROUPED = "checkout"
SICK, WELL, IDLE = (f"{GROUPED}-{name}" for name in ("sick", "well", "idle"))
FIRING = {(BURNING, "page"), (SICK, "page")}
SILENT = "users"


@pytest.fixture(scope="module")
def slos():
    """One of which 2 % fail, one that is well, one that nobody calls, one that burns and depends on the first, and one with groups."""
    from tests.alerts.conftest import make_slo

    rules = WORKBOOK[:1] + WORKBOOK[2:3]
    return [
        make_slo(BURNING, rules=rules),
        make_slo(CALM, rules=rules),
        make_slo(QUIET, SILENT, rules=rules),
        make_slo(CHILD, rules=rules, depends_on=(BURNING,)),
        make_slo(GROUPED, rules=rules, group_by=("tenant",), labels={"team": "pay"}),
    ]


def exposition(tick):
    """Stands in for a collector's /metrics."""
    lines = []
    for name, service, bad in (
        (BURNING, "payments", 2),
        (CALM, "payments", 0),
        (QUIET, SILENT, None),
        (CHILD, "payments", 2),
        (GROUPED, "payments", 1),
        (SICK, "payments", 2),
        (WELL, "payments", 0),
        (IDLE, "payments", None),
        (f"{SICK}-too", "payments", 2),
    ):
        of = f'slo="{name}",service="{service}"'
        good, failed = (10, 0) if bad is None else (tick * (100 - bad), tick * bad)
        lines += [f'slo_events_total{{{of},result="good"}} {good}', f'slo_events_total{{{of},result="bad"}} {failed}']
        lines += [
            f'slo_alert_firing{{{of},severity="{severity}"}} {int((name, severity) in FIRING)}'
            for severity in ("page", "ticket")
        ]
        lines.append(f'slo_state{{{of},state="no_data"}} {int(service == SILENT)}')
        lines.append(f'slo_state{{{of},state="healthy"}} {int(service != SILENT)}')
    of = f'service="payments",group_of="{GROUPED}"'
    lines += [f'slo_group_info{{slo="{name}",{of},label_tenant="{name[9:]}"}} 1' for name in (SICK, WELL, IDLE)]
    lines.append(f'slo_state{{slo="{CALM}",service="payments",state="no_data",collector="beside"}} 1')
    never_heard = 'slo="new",service="new"'
    lines += [f'slo_events_total{{{never_heard},result="good"}} 0', f'slo_state{{{never_heard},state="no_data"}} 1']
    return ("\n".join(lines) + "\n").encode()


class Exposition(http.server.BaseHTTPRequestHandler):
    """A hundred events more at each scrape."""

    ticks = itertools.count(1)

    def do_GET(self):
        body = exposition(next(self.ticks))
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Says nothing."""


class Asked:
    """A Prometheus that can be asked."""

    def __init__(self, address):
        self.address = address

    def values(self, expr):
        """Values by labels."""
        url = f"{self.address}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found = json.load(answer)["data"]["result"]
        return {tuple(sorted(series["metric"].items())): float(series["value"][1]) for series in found}

    def until(self, expr):
        """Its values, once there are any: a rate needs two scrapes."""
        deadline = time.monotonic() + 40
        while not (found := self.values(expr)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found


@pytest.fixture(scope="module")
def prometheus(slos, prometheus_binary, free_port, run_server, tmp_path_factory):
    """Prometheus with the generated rules, evaluated each second."""
    source = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Exposition)
    thread = threading.Thread(target=source.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    folder = tmp_path_factory.mktemp("prometheus")
    rules = rules_yaml(slos)
    for interval in ("30s", "2m"):
        rules = rules.replace(f"  interval: {interval}\n", "  interval: 1s\n")
    (folder / "rules.yml").write_text(rules)
    configuration = {
        "global": {"scrape_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {"job_name": "fournines", "static_configs": [{"targets": [f"127.0.0.1:{source.server_port}"]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    address = f"127.0.0.1:{free_port()}"
    command = [prometheus_binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    try:
        with run_server([*command, f"--web.listen-address={address}"], f"http://{address}/-/ready"):
            yield Asked(f"http://{address}")
    finally:
        source.shutdown()
        thread.join()
        source.server_close()


@pytest.fixture(scope="module")
def answers(slos, prometheus):
    """The answers to each rule's queries by the names that reduce them, once the burning one burns over all its windows."""
    both = f'sloth_slo=~"{BURNING}|{SICK}"'
    for window in ("5m", "1h", "2h", "1d"):
        prometheus.until(f"count(slo:sli_error:ratio_rate{window}{{{both}}} > 0) == 2")
    prometheus.until("min(increase(slo_events_total{slo=~'payments-availability|checkout-sick',result='bad'}[1h])) > 9")
    found = {}
    for group in build_groups(slos):
        for rule in group["rules"]:
            asked = {e["refId"]: e["model"]["expr"] for e in rule["data"] if e["datasourceUid"] == DATASOURCE}
            names = {e["refId"]: e["model"]["expression"] for e in rule["data"] if e["model"].get("type") == "reduce"}
            found[rule["uid"]] = rule, {name: prometheus.until(asked[ref]) for name, ref in names.items()}
    return found


def holds(answers, uid):
    """Whether the rule's condition is met by what was answered: the arithmetic of Grafana, on plain numbers."""
    rule, values = answers[uid]
    condition = rule["data"][-1]["model"]["expression"].replace("&&", "and").replace("||", "or").replace("$", "")
    return eval(condition, {}, {name: next(iter(each.values())) for name, each in values.items()})


def test_every_query_is_answered(answers):
    """By one number each; that of the silence, by one a service, and those of groups by one each, for them alone."""
    counts = {
        (uid, name): len(values)
        for uid, (_, of_rule) in answers.items()
        for name, values in of_rule.items()
        if len(values) != 1 and not uid.startswith(GROUPED)
    }
    groups = {
        labels
        for severity in ("page", "ticket")
        for of in answers[f"{GROUPED}-{severity}"][1].values()
        for labels in of
    }

    assert {("fournines-no-data", "R1"): 3} == counts
    assert {(("slo", name), ("tenant", name[9:])) for name in (SICK, WELL, IDLE)} == groups


def test_each_group_is_judged_by_itself(answers):
    """Every query of its rule has one answer for each; the one that burns pages, by its name, and its ticket is held back."""
    found = {}
    for severity in ("page", "ticket"):
        rule, values = answers[f"{GROUPED}-{severity}"]
        condition = rule["data"][-1]["model"]["expression"].replace("&&", "and").replace("||", "or").replace("$", "")
        for labels in next(iter(values.values())):
            found[severity, labels[0][1]] = eval(condition, {}, {name: each[labels] for name, each in values.items()})
        assert {"team": "pay", "service": "payments", "severity": severity, "group_of": GROUPED} == rule["labels"]
        assert rule["annotations"]["summary"].startswith("{{ .Labels.slo }} burns its error budget")
        assert rule["annotations"]["dashboard_url"].endswith("/slo/{{ .Labels.slo | urlquery }}")

    assert {("page", SICK)} == {name for name, holds in found.items() if holds}
    assert 6 == len(found)


def test_what_burns_pages_and_nothing_says_it_twice(answers):
    """Not what is calm, nor what nobody calls; the ticket of what pages is held back, and the page of what depends on it."""
    pages = {name: holds(answers, f"{name}-page") for name in (BURNING, CALM, QUIET, CHILD)}
    tickets = {name: holds(answers, f"{name}-ticket") for name in (BURNING, CALM, QUIET, CHILD)}

    assert {BURNING: True, CALM: False, QUIET: False, CHILD: False} == pages
    assert {BURNING: False, CALM: False, QUIET: False, CHILD: True} == tickets


def test_without_traffic_the_ratio_is_nothing_and_no_state_is_lost(answers):
    """0, as long as the rules are recorded; so a pause ends an incident, and a Prometheus that is gone does not."""
    _, values = answers[f"{QUIET}-page"]

    assert [0.0] == list(values["R1"].values())
    assert math.isclose(0.02, next(iter(answers[f"{BURNING}-page"][1]["R1"].values())), rel_tol=0.05)


def test_a_silent_service_is_named(answers):
    """Of several SLOs of a service once; never one that was not heard yet, or that another collector hears."""
    _, values = answers["fournines-no-data"]
    assert {"payments": 0, SILENT: 1, "new": 0} == {labels[0][1]: value for labels, value in values["R1"].items()}


def test_slos_that_nobody_records_are_missed(slos, prometheus, answers):
    """Those of the file are all there; one that Prometheus was not told of yet is not."""
    from tests.alerts.conftest import make_slo

    assert not holds(answers, "fournines-not-recorded")
    newer = build_groups([*slos, make_slo("newer")])[-1]["rules"][1]
    recorded = prometheus.values(newer["data"][0]["model"]["expr"])
    assert [5.0] == list(recorded.values())
    assert "$R1 < 6" == newer["data"][-1]["model"]["expression"]
