"""Rules of SLOs with groups: each group is judged by itself, as an SLO of its own would be. A real Prometheus' engine says so."""

from __future__ import annotations

import subprocess
from decimal import Decimal

import promql_parser
import pytest
import yaml

from fournines.alerts.rules.prometheus import build_rules, rules_yaml
from fournines.slo import MINUTE, WORKBOOK, Method, Window
from fournines.slo.slices import Slices

FAST = WORKBOOK[:1]
"""14.4 times over 1h and 5m: 0.00144 of all events."""
DAYS = WORKBOOK[2:3]
"""3 times over 1d and 2h, from the counters' copies."""


@pytest.fixture
def checkout(slo):
    """99.99 % for every route and tenant."""
    return lambda name="checkout", **more: slo(name, group_by=("http.route", "tenant"), **more)


@pytest.fixture
def promtool(promtool_binary, tmp_path):
    """Lets promtool run cases against the rules of SLOs, and returns what it says: nothing where all is well."""

    def run(slos, *cases):
        (tmp_path / "rules.yml").write_text(rules_yaml(slos))
        document = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": "1m",
            "tests": [case.document for case in cases],
        }
        (tmp_path / "tests.yml").write_text(yaml.safe_dump(document))
        command = [promtool_binary, "test", "rules", "tests.yml"]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
        return "" if ended.returncode == 0 else ended.stdout + ended.stderr

    return run


class Case:
    """A test in steps of a minute: what collectors expose, and what holds when."""

    def __init__(self, name):
        self.document = {
            "name": name,
            "interval": "1m",
            "input_series": [],
            "promql_expr_test": [],
            "alert_rule_test": [],
        }

    def exposes(self, metric, values, **labels):
        """A series, in promtool's notation."""
        written = ",".join(f'{name}="{value}"' for name, value in labels.items())
        self.document["input_series"].append({"series": f"{metric}{{{written}}}", "values": values})
        return self

    def counts(self, name, good, bad, **more):
        """The counters of an SLO."""
        for result, values in (("good", good), ("bad", bad)):
            self.exposes("slo_events_total", values, slo=name, service="payments", result=result, **more)
        return self

    def group(self, name, good, bad, of="checkout", info="1x200", **more):
        """The counters of a group, and that it is one."""
        values = {label: more.pop(label) for label in list(more) if label.startswith("label_")}
        self.exposes("slo_group_info", info, slo=name, service="payments", group_of=of, **values, **more)
        return self.counts(name, good, bad, **more)

    def holds(self, minutes, expr, *samples):
        """`expr` has just these samples: pairs of labels and a value."""
        found = [{"labels": labels, "value": value} for labels, value in samples]
        self.document["promql_expr_test"].append({"expr": expr, "eval_time": f"{minutes}m", "exp_samples": found})
        return self

    def fires(self, minutes, *names, severity="page", alert="SLOErrorBudgetBurn"):
        """The alert fires for these SLOs, once each, and for no other."""
        expr = f'count by (slo) (ALERTS{{alertname="{alert}", alertstate="firing", severity="{severity}"}})'
        return self.holds(minutes, expr, *((f'{{slo="{name}"}}', 1) for name in names))


def test_one_that_burns_among_healthy_ones_pages_alone(promtool, checkout):
    """Its failures are a trifle of all, so that a page of them together would not come; and its own says which it is."""
    case = Case("one of four")
    for name in ("checkout-a", "checkout-b", "checkout-other"):
        case.group(name, "0+100000x90", "0+1x90")
    case.group("checkout-pay-acme", "0+8x90", "0+2x90", label_http_route="/pay", label_tenant="acme")
    case.counts("checkout", "0+300008x90", "0+5x90")
    case.fires(60, "checkout-pay-acme").fires(60, severity="ticket")
    case.document["alert_rule_test"].append(
        {"alertname": "SLOErrorBudgetBurn", "eval_time": "60m", "exp_alerts": [PAGE]}
    )

    assert "" == promtool([checkout(rules=FAST, labels={"team": "pay", "tenant": "-"})], case)


PAGE = {
    "exp_labels": {
        "slo": "checkout-pay-acme",
        "service": "payments",
        "severity": "page",
        "sloth_severity": "page",
        "sloth_id": "payments-checkout-pay-acme",
        "sloth_service": "payments",
        "sloth_slo": "checkout-pay-acme",
        "group_of": "checkout",
        "http_route": "/pay",
        "tenant": "acme",
        "team": "pay",
    },
    "exp_annotations": {
        "summary": "checkout-pay-acme burns 2kx, the error budget is over-spent",
        "description": "The promise: 99.99 % over 30d. Now 20% of the events fail."
        " It fires when the error budget burns above 14.4x over 1h and 5m.",
        "dashboard_url": "http://127.0.0.1:8400/slo/checkout-pay-acme",
    },
}


def test_each_has_the_records_of_an_slo(promtool, checkout):
    """Under the names that dashboards made for Sloth ask for, with the labels that they select by."""
    records = {
        "slo:objective:ratio": 0.9999,
        "slo:error_budget:ratio": 0.0001,
        "slo:time_period:days": 30,
        "slo:sli_error:ratio_rate5m": 0.02,
        "slo:sli_error:ratio_rate1h": 0.02,
        "slo:current_burn_rate:ratio": 200,
        "slo:period_burn_rate:ratio": 200,
        "slo:period_error_budget_remaining:ratio": -199,
    }
    labels = '{sloth_id="payments-checkout-pay", sloth_service="payments", sloth_slo="checkout-pay"}'
    case = Case("records").group("checkout-pay", "0+98x90", "0+2x90").group("checkout-b", "0+98x90", "0x90")
    for record, value in records.items():
        expr = f'round(max by (sloth_id, sloth_service, sloth_slo) ({record}{{sloth_slo="checkout-pay"}}), 0.0001)'
        case.holds(80, expr, (labels, value))
    case.holds(
        80,
        "count by (sloth_slo) (sloth_slo_info)",
        *((f'{{sloth_slo="{name}"}}', 1) for name in ("checkout", "checkout-b", "checkout-pay")),
    )
    case.holds(
        80, 'max by (sloth_slo) (slo:sli_error:ratio_rate30d{sloth_slo="checkout-b"})', ('{sloth_slo="checkout-b"}', 0)
    )

    assert "" == promtool([checkout(rules=FAST)], case)


def test_one_that_comes_late_is_judged_from_then_on(promtool, checkout):
    """Nobody knew of it when the rules were loaded, and it burns from its first minute on."""
    late = "_x30 0+5x90"
    case = Case("late").group("checkout-a", "0+100x120", "0x120").group("checkout-late", late, late, info="_x30 1x90")
    case.fires(29).fires(36, "checkout-late").holds(29, "count(slo:groups:info)", ("{}", 1))

    assert "" == promtool([checkout(rules=FAST)], case)


def test_the_guard_is_of_each(promtool, checkout):
    """Two failures each are four together, and wake nobody; four of one do."""
    two, four = "0x55 0+1x2 2x10", "0x55 0+1x4 4x10"
    case = Case("guard").group("checkout-a", "0+1x70", two).group("checkout-b", "0+1x70", two)
    more = Case("enough").group("checkout-a", "0+1x70", two).group("checkout-b", "0+1x70", four)

    assert "" == promtool([checkout(rules=FAST)], case.fires(61), more.fires(61, "checkout-b"))


def test_it_holds_for_five_minutes_and_ends_for_each(promtool, checkout):
    """One is over while the other still burns."""
    case = Case("ends").group("checkout-a", "0+5x200", "0+5x20 100x180").group("checkout-b", "0+5x200", "0+5x200")
    case.fires(20, "checkout-a", "checkout-b").fires(28, "checkout-a", "checkout-b").fires(40, "checkout-b")

    assert "" == promtool([checkout(rules=FAST)], case)


def test_two_collectors_count_together(promtool, checkout):
    """Each has half of the failures; one of them goes for good, and nothing is lost nor counted twice."""
    once, half = "0+990x100", "0+1x100"
    case = Case("two").group("checkout-a", once, half, instance="1").group("checkout-a", once, half, instance="2")
    case.holds(60, 'round(sum(slo:sli_error:ratio_rate5m{sloth_slo="checkout-a"}), 0.000001)', ("{}", 0.001009))
    case.holds(
        60,
        'sum by (result) (slo:events:total{group_of="checkout"})',
        ('{result="bad"}', 120),
        ('{result="good"}', 118800),
    )
    gone = Case("one goes").group("checkout-a", once, once, instance="1")
    gone.group("checkout-a", "0+1000x30", "0+1000x30", info="1x30", instance="2").fires(29, "checkout-a").fires(
        80, "checkout-a"
    )

    assert "" == promtool([checkout(rules=FAST)], case, gone)


def test_a_collector_that_starts_anew_ends_no_page(promtool, checkout):
    """Four minutes in which nothing is scraped, and counters that begin at 0 again: the group is known, and its ratio what it was."""
    case = Case("restart").group(
        "checkout-a", "0+90x40 stale _x3 0+90x60", "0+10x40 stale _x3 0+10x60", info="1x40 stale _x3 1x60"
    )
    for minutes in (39, 42, 44, 47, 60):
        case.fires(minutes, "checkout-a")
    case.holds(43, 'round(max(slo:sli_error:ratio_rate1h{sloth_slo="checkout-a"}), 0.001)', ("{}", 0.1))
    case.holds(60, 'round(max(slo:sli_error:ratio_rate1h{sloth_slo="checkout-a"}), 0.001)', ("{}", 0.1))
    case.holds(100, 'round(max(slo:sli_error:ratio_rate30d{sloth_slo="checkout-a"}), 0.001)', ("{}", 0.1))

    assert "" == promtool([checkout(rules=FAST)], case)


def test_long_windows_are_of_each_one_s_copies(promtool, checkout):
    """A day's ticket for the one that earns it, by counts: neither another's nor a mean of ratios."""
    case = Case("day").group("checkout-a", "0+9990x190", "0+10x190").group("checkout-b", "0+10000x190", "0+2x190")
    case.fires(180, "checkout-a", severity="ticket")
    case.holds(180, 'round(1e6 * max(slo:sli_error:ratio_rate1d{sloth_slo="checkout-b"}))', ("{}", 200))

    assert "" == promtool([checkout(rules=DAYS)], case)


def test_each_spends_a_budget_of_its_own(promtool, checkout):
    """Of an SLO's day at 99 %: one is spent, the other not, nor all together; what was not yet seen counts as without failures."""
    spends = Case("spent").group("checkout-a", "0+50x190", "0+50x190").group("checkout-b", "0+1000x190", "0+1x190")
    spends.fires(20, severity="ticket", alert="SLOBudgetExhausted")
    spends.fires(180, "checkout-a", severity="ticket", alert="SLOBudgetExhausted")
    one = checkout(rules=FAST, target="0.9", window=Window.parse("1d"))

    assert "" == promtool([one], spends)


def test_whose_name_only_begins_alike_is_none_of_them(promtool, checkout, slo):
    """Another SLO of the file, another's groups, and an SLO in the place of a group: each is judged once, by its own rules."""
    case = (
        Case("alike")
        .group("checkout-eu-a", "0+5x90", "0+5x90", of="checkout-eu")
        .counts("checkout-pay", "0+5x90", "0+5x90")
    )
    case.group("checkout-b", "0+5x90", "0+5x90").fires(60, "checkout-b", "checkout-eu-a", "checkout-pay")
    case.holds(
        60,
        'sum by (slo) (slo:events:total{result="bad"})',
        *((f'{{slo="{name}"}}', 300) for name in ("checkout-b", "checkout-eu-a", "checkout-pay")),
    )

    assert "" == promtool(
        [checkout(rules=FAST), checkout("checkout-eu", rules=FAST), slo("checkout-pay", rules=FAST)], case
    )


def test_an_slo_in_the_place_of_a_group_is_judged_alone(promtool, checkout, slo):
    """Also while a collector that has not read the file says that it is a group: by its own objective, and told of once."""
    stricter = slo("checkout-pay", target="0.99999", rules=FAST)
    case = Case("in its place").group("checkout-pay", "0+5x90", "0+5x90").group("checkout-b", "0+5x90", "0+5x90")
    case.fires(60, "checkout-b", "checkout-pay")
    case.holds(60, "count by (slo) (slo:groups:info)", ('{slo="checkout-b"}', 1))
    case.holds(60, 'round(max(slo:current_burn_rate:ratio{sloth_slo="checkout-pay"}))', ("{}", 50000))

    assert "" == promtool([checkout(rules=FAST), stricter], case)


def test_values_that_are_said_otherwise_than_before_stop_nothing(promtool, checkout):
    """After a change of attributes a name may have been that of other values five minutes ago: nothing is joined with two."""
    case = Case("changed").group("checkout-pay", "0+5x90", "0+5x90", info="1x40", label_tenant="pay")
    case.exposes(
        "slo_group_info", "_x38 1x60", slo="checkout-pay", service="new", group_of="checkout", label_http_route="/pay"
    )
    for minutes in (36, 40, 44, 48):
        case.holds(minutes, 'max by (slo) (ALERTS{alertname="SLOErrorBudgetBurn"})', ('{slo="checkout-pay"}', 1))

    assert "" == promtool([checkout(rules=FAST)], case)


def test_slices_of_groups_are_as_the_collector_tells_them(promtool, slo):
    """By their burn rates, each with the guard of its own bad slices; what is spent as well."""
    sliced = slo(
        "up",
        target="0.999",
        method=Method.TIMESLICES,
        slices=Slices(Decimal("0.95"), Window(MINUTE)),
        rules=FAST,
        min_bad_events=2,
        group_by=("tenant",),
    )
    case = Case("told")
    for name, burn, left in (("up-a", 40, 1.2), ("up-b", 17, 0.5), ("up-c", 1, 1.2)):
        case.exposes("slo_group_info", "1x30", slo=name, service="payments", group_of="up")
        for window, rate in (("5m", 200), ("1h", burn), ("30d", left)):
            case.exposes("slo_burn_rate", f"{rate}x30", slo=name, service="payments", window=window)
    case.fires(10, "up-a").fires(10, "up-a", "up-c", severity="ticket", alert="SLOBudgetExhausted")

    assert "" == promtool([sliced], case)


def test_that_nothing_is_known_is_told_once(promtool, checkout):
    """Of the SLO, which every collector has from its start on; no group of it is asked."""
    said = {"slo": "checkout", "service": "payments"}
    case = Case("silent").group("checkout-a", "0+5x20", "0x20").counts("checkout", "0+5x20", "0x20")
    case.exposes("slo_state", "0x5 1x15", **said, state="no_data").exposes(
        "slo_state", "1x20", **(said | {"slo": "checkout-a"}), state="no_data"
    )
    case.fires(6, alert="SLONoData").fires(10, "checkout", alert="SLONoData")

    assert "" == promtool([checkout(rules=FAST)], case, Case("nothing").fires(5, "checkout", alert="SLONoData"))


@pytest.mark.parametrize("name", ["checkout", 'e"v.i%l\\{{ x }}', "t" * 60])
def test_whatever_it_is_called(promtool, promtool_binary, tmp_path, checkout, name):
    """The rules are without a fault to promtool, its lints and another parser, and pages say the name; also one that is cut."""
    called = f"{name[:56]}-3f2a9c"
    slos = [checkout(name, labels={"a.b": "{{ .Fail }}", "slo": "x"}), checkout("second")]
    escaped = called.replace("\\", "\\\\").replace('"', '\\"')
    case = Case("named").group(escaped, "0+5x90", "0+5x90", of=name.replace("\\", "\\\\").replace('"', '\\"'))
    wanted = {"alertname": "SLOErrorBudgetBurn", "severity": "page", "slo": called}
    expr = " and ".join(f"ALERTS{{{key}={yaml_quoted(value)}}}" for key, value in wanted.items())

    assert "" == promtool(slos, case.holds(60, f"count({expr})", ("{}", 1)))
    checked = [promtool_binary, "check", "rules", "--lint=all", "--lint-fatal", str(tmp_path / "rules.yml")]
    assert 0 == subprocess.run(checked, capture_output=True, check=False, timeout=100).returncode
    for rule in (rule for group in build_rules(slos)["groups"] for rule in group["rules"]):
        promql_parser.parse(rule["expr"])


def yaml_quoted(text):
    """A string of PromQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_no_two_groups_of_rules_have_one_name(checkout, slo):
    """Whatever other SLOs are called."""
    slos = [checkout(), slo("groups"), slo("groups-checkout"), slo("fast-checkout"), checkout("groups-fast-checkout")]
    found = [group["name"] for group in build_rules(slos)["groups"]]

    assert len(found) == len(set(found)) == 15
