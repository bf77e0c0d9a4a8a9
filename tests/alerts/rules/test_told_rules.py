"""Rules of what Prometheus can't count itself: they judge as the collector does."""

from __future__ import annotations

import random
import subprocess
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import promql_parser
import pytest
import yaml

from fournines.alerts.rules.prometheus import build_rules, notes, rules_yaml
from fournines.slo import (
    HOUR,
    MINUTE,
    PARTS,
    SLI,
    WORKBOOK,
    BurnRule,
    CalendarWindow,
    Correction,
    EventCount,
    FakeEventSource,
    Method,
    NoData,
    Queries,
    Severity,
    SLIKind,
    Unit,
    Window,
    evaluate,
)
from fournines.slo.composite import Composite, Member, Rule
from fournines.slo.slices import Slices

NOW = 1_800_000_000.0
RULES = WORKBOOK[:3]


def slices(slo, **more):
    """99.9 % of all minutes."""
    return slo(
        "slices",
        target="0.999",
        method=Method.TIMESLICES,
        slices=Slices(Decimal("0.95"), Window(MINUTE)),
        rules=RULES,
        **more,
    )


def shares(slo):
    """The same, each by its share."""
    return slo(
        "shares", target="0.999", method=Method.RATIO_TIMESLICES, slices=Slices(None, Window(MINUTE)), rules=RULES
    )


def composite(slo, rule=Rule.WEIGHTED, **more):
    """Of two others."""
    made = Composite(rule, (Member("a", Fraction(1)), Member("b", Fraction(1))))
    sli = SLI(SLIKind.AVAILABILITY, "payments", "slos", composite=made)
    return replace(slo("made", target="0.999", rules=RULES), sli=sli, min_bad_events=1, **more)


def asked(slo, **more):
    """One whose events an engine has."""
    queries = Queries(good="good", bad="", raw="", total="total", counter=True, source="prometheus")
    return replace(
        slo("asked", target="0.999", rules=RULES),
        sli=SLI(SLIKind.AVAILABILITY, "payments", "promql", promql=queries),
        **more,
    )


def drawn(one, seed):
    """What an SLO may have counted, near the limits of its rules."""
    random_ = random.Random(seed)
    counts = {}
    for window in one.windows:
        total = window.seconds // MINUTE if one.unit is Unit.SLICES else PARTS
        limit = random_.choice([0, 1, 3, 6, 14.4, 20]) * random_.choice([0.8, 1.2]) / 1000
        bad = round(total * limit) or random_.choice([0, 0, 1, 2, 4])
        counts[str(window)] = EventCount(total - min(total, bad), total)
    return FakeEventSource(lambda _, window: counts[str(window)])


@pytest.mark.parametrize(
    "make", [slices, lambda slo: slices(slo, min_bad_events=3), composite], ids=["slices", "guarded", "shares"]
)
def test_they_fire_when_the_collector_s_alerts_do(slo, make, promtool_binary, tmp_path):
    """Over counts on either side of every limit, by a real Prometheus' arithmetic."""
    one, tests, met = make(slo), [], []
    for seed in range(20):
        evaluation = evaluate([one], drawn(one, seed), NOW)
        rates = zip(evaluation.layout.windows, evaluation.burn_rates[0].tolist(), strict=True)
        series = [
            {
                "series": f'slo_burn_rate{{slo="{one.name}",service="payments",window="{window}"}}',
                "values": f"{rate!r}x5",
            }
            for window, rate in rates
        ]
        fires = {severity: bool(evaluation.met[severity][0] >= 0) for severity in Severity}
        met.append(tuple(fires.values()))
        expected = [
            {
                "expr": f'count(ALERTS{{alertname="SLOErrorBudgetBurn", alertstate="firing", severity="{severity.value}"}})',
                "eval_time": "3m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires[severity] else [],
            }
            for severity in Severity
        ]
        tests.append({"name": str(seed), "interval": "1m", "input_series": series, "promql_expr_test": expected})
    (tmp_path / "rules.yml").write_text(rules_yaml([one]))
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(document))
    words = ("test", "rules", "tests.yml")
    ended = subprocess.run(
        [promtool_binary, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
    )

    assert {True, False} == {page for page, _ in met} == {ticket for _, ticket in met}
    assert 0 == ended.returncode, ended.stdout + ended.stderr


def test_a_page_says_how_fast_what_is_left_and_how_long_it_lasts(slo, promtool_binary, tmp_path):
    """At twenty times, six tenths of a month are gone in twenty-two hours."""
    one = replace(slices(slo, annotations={"fournines/runbook": "https://r.example/slices"}), rules=RULES[:1])
    rates = {"5m": 20, "1h": 20, "30d": 0.39}
    series = [
        {"series": f'slo_burn_rate{{slo="slices",service="payments",window="{window}"}}', "values": f"{rate}x5"}
        for window, rate in rates.items()
    ]
    labels = {"severity": "page", "sloth_severity": "page", "slo": "slices", "service": "payments"}
    expected = {
        "exp_labels": {**labels, "sloth_id": "payments-slices", "sloth_service": "payments", "sloth_slo": "slices"},
        "exp_annotations": {
            "summary": "slices burns 20x, 61% of the error budget left, empty in 21h 57m 36s",
            "description": "The promise: 99.9 % over 30d. Now 2% of the slices are bad."
            " It fires when the error budget burns above 14.4x over 1h and 5m.",
            "dashboard_url": "http://127.0.0.1:8400/slo/slices",
            "runbook_url": "https://r.example/slices",
        },
    }
    asked = [{"alertname": "SLOErrorBudgetBurn", "eval_time": "3m", "exp_alerts": [expected]}]
    test = {"interval": "1m", "input_series": series, "alert_rule_test": asked}
    (tmp_path / "rules.yml").write_text(rules_yaml([one]))
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(document))
    words = ("test", "rules", "tests.yml")
    ended = subprocess.run(
        [promtool_binary, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
    )

    assert 0 == ended.returncode, ended.stdout + ended.stderr


def test_a_budget_at_its_boundary_is_one_ticket(slo, promtool_binary, tmp_path):
    """As of the collector: over after an hour in which some of it is left, and not before."""
    burns = "1.2x9 0.9x30 1.1x9 0.9x90"
    series = [{"series": 'slo_burn_rate{slo="slices",service="payments",window="30d"}', "values": burns}]
    firing = 'count(ALERTS{alertname="SLOBudgetExhausted", alertstate="firing"})'
    asked = [
        {
            "expr": firing,
            "eval_time": f"{minute}m",
            "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
        }
        for minute, fires in ((5, True), (39, True), (108, True), (112, False))
    ]
    (tmp_path / "rules.yml").write_text(rules_yaml([slices(slo)]))
    test = {"interval": "1m", "input_series": series, "promql_expr_test": asked}
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(document))
    command = [promtool_binary, "test", "rules", "tests.yml"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)

    assert 0 == ended.returncode, ended.stdout + ended.stderr


def test_they_ask_for_the_collector_s_own_windows(slo):
    """In one group, of expressions that parse; a calendar's budget is that of its period."""
    month = replace(slices(slo), window=CalendarWindow(1, "M"))
    group, _watchdog = build_rules([month])["groups"]
    records = {rule["record"]: rule["expr"] for rule in group["rules"] if "record" in rule}

    assert 'max(slo_burn_rate{slo="slices", window="1M"}) * 0.001' == records["slo:sli_error:ratio_rate31d"]
    assert 'max(slo_burn_rate{slo="slices", window="1h"}) * 0.001' == records["slo:sli_error:ratio_rate1h"]
    assert all(promql_parser.parse(rule["expr"]) for rule in group["rules"])
    assert not any("slo_events_total" in rule["expr"] for rule in group["rules"])


def test_what_they_can_not_know_is_said(slo):
    """A guard of failures that nobody counts for Prometheus; every other SLO's rules page as the collector does."""
    all_of = composite(slo, Rule.ALL, method=Method.TIMESLICES, slices=Slices(None, Window(HOUR // 60)))
    quiet = replace(shares(slo), rules=WORKBOOK[2:])
    said = list(
        notes(
            [
                slo(),
                slices(slo),
                composite(slo),
                all_of,
                asked(slo, min_bad_events=1),
                quiet,
                shares(slo),
                asked(slo),
            ]
        )
    )

    assert [
        "shares pages when 1 slice of 1m was bad, which its rules can't know: they page for less as well",
        "asked pages when 3 requests failed, which its rules can't know: they page for less as well",
    ] == said


def test_what_a_counter_does_not_say_is_said(slo):
    """Corrections, estimated failures, and windows too short for two samples of a usual scrape: nobody is surprised."""
    quick = BurnRule(Severity.PAGE, WORKBOOK[0].budget_share, Window.parse("1h"), Window.parse("10s"))
    taken_out = Correction(1_800_000_000, 7200, "new database", "ana")
    slos = [
        slo("corrected", corrections=(taken_out,)),
        slo("strict", no_data=NoData.BAD),
        slo("quick", rules=(quick, *WORKBOOK[1:])),
        slo("untold", corrections=(taken_out,), no_data=NoData.BAD, rules=()),
        asked(slo, min_bad_events=1, rules=(quick,)),
    ]

    assert [
        "corrected has corrections, which its rules can't know: what was taken out counts",
        "strict takes what a silent service does not report for failed: its rules can't know, and page for the silence alone",
        "quick is judged over 10s, where its rules never fire unless Prometheus scrapes twice in that time",
    ] == list(notes(slos))
