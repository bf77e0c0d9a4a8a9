"""The tests that are written with the rules: real promtool runs them, and they find rules that are wrong."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from decimal import Decimal

import pytest
import yaml

from fournines.alerts.rules import prometheus, promtool
from fournines.slo import MINUTE, WORKBOOK, BurnRule, Method, Severity, Window
from fournines.slo.slices import Slices


@pytest.fixture
def judged(promtool_binary, tmp_path):
    """Writes rules and their tests, lets `spoil` change the rules' text, and returns what promtool says: nothing where all is well."""

    def judge(slos, spoil=lambda text: text):
        (rules,) = prometheus.write(tmp_path, slos)
        text = rules.read_text()
        assert spoil is judge.__defaults__[0] or text != spoil(text)
        rules.write_text(spoil(text))
        tests = promtool.write(tmp_path, slos)
        command = [promtool_binary, "test", "rules", *tests]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        return "" if ended.returncode == 0 else ended.stdout + ended.stderr

    return judge


def names_of(slos):
    """What the tests of SLOs are called."""
    return {test["name"] for document in promtool.build_tests(slos).values() for test in document["tests"]}


def sliced(slo, **more):
    """99.9 % of all minutes."""
    return slo(
        "slices",
        target="0.999",
        method=Method.TIMESLICES,
        slices=Slices(Decimal("0.95"), Window(MINUTE)),
        **more,
    )


def test_every_law_is_tested_of_every_slo(slo):
    """Each pair fires, is silent below, with one window alone, below the guard, and resolves; absence and a spent budget."""
    named = names_of([slo()])
    kinds = {
        "fires above its factor",
        "is silent at 0.9 of it",
        "is silent when only the short window burns",
        "resolves while only the long window burns",
    }
    guarded = {"is silent below the guard", "fires above the guard"}

    for rule in WORKBOOK:
        wanted = kinds | (guarded if rule.severity is Severity.PAGE else set())
        found = {name.partition(": ")[2] for name in named if name.startswith(f"{rule.severity.value} {rule.long} ")}
        assert wanted == found
    assert 6 == sum(name.startswith(("no data", "exhausted")) for name in named)


@pytest.mark.parametrize("name", ["checkout-other", "checkout-other-calm", "checkout-other-x"])
def test_what_stands_for_groups_is_no_slo_of_the_file(judged, slo, name):
    """An SLO may take the place of any group, also of the one that tests are made of."""
    slos = [slo("checkout", group_by=("tenant",), rules=WORKBOOK[:1]), slo(name, target="0.9", rules=WORKBOOK[:1])]
    taken = slo("checkout-other", target="0.9", rules=WORKBOOK[:1], group_by=("tenant",))

    assert "" == judged(slos)
    assert "" == judged([slos[0], taken])


def test_the_rules_pass_their_tests(judged, slo, latency_slo):
    """Several SLOs in one run: counted and told, of two targets, with a window and a guard of their own, hostile names."""
    own = (BurnRule(Severity.PAGE, WORKBOOK[0].budget_share, Window.parse("30m"), Window.parse("5m")),)
    slos = [
        replace(latency_slo, rules=WORKBOOK[:2], min_bad_events=40),
        slo('e"vil\\{{ x }}', "pay{ments", rules=own, labels={"slo": "{{ .Fail }}"}),
        replace(slo("week", rules=WORKBOOK[:1]), window=Window.parse("7d")),
        sliced(slo, rules=WORKBOOK[:2], min_bad_events=2),
    ]

    assert "" == judged(slos)


def test_the_rules_of_groups_pass_their_tests(judged, slo):
    """Counted and told: a group is tested as an SLO is, beside one with most of the traffic that is well; silence is tested of the SLO."""
    counted = slo("checkout", rules=WORKBOOK[:1], group_by=("tenant", "http.route"), labels={"team": "pay"})
    told = sliced(slo, rules=WORKBOOK[:1], min_bad_events=2, group_by=("tenant",))

    assert names_of([slo(rules=WORKBOOK[:1])]) == names_of([counted])
    assert "" == judged([counted, told, slo("checkout-eu", rules=WORKBOOK[:1])])


@pytest.mark.long
def test_the_workbook_s_rules_pass_their_tests(judged, slo):
    """All four pairs at once; three days of calm are what makes it long."""
    assert "" == judged([slo(), slo("users-availability", "users", "0.99", labels={"team": "core"})])


SPOILT = {
    "a factor": (lambda text: text.replace("> 0.00144)", "> 0.00129)"), "page 1h 5m: is silent at 0.9 of it"),
    "a higher factor": (lambda text: text.replace("> 0.00144)", "> 0.0018)"), "page 1h 5m: fires above its factor"),
    "no long window": (
        lambda text: text.replace("rate1h{", "rate5m{"),
        "page 1h 5m: is silent when only the short window burns",
    ),
    "no short window": (lambda text: text.replace("rate5m{", "rate1h{"), "page 1h 5m: resolves"),
    "no guard": (lambda text: text.replace(">= 3", ">= 1"), "below the guard"),
    "too much of a guard": (lambda text: text.replace(">= 3", ">= 30"), "above the guard"),
    "no absence": (lambda text: text.replace("absent(", "0 * max("), "no data: nothing is there"),
    "any collector": (lambda text: text.replace("min(slo_state", "max(slo_state"), "no data: one collector"),
    "a service before its first event": (
        lambda text: text.replace(' and sum(slo_events_total{slo="payments-availability"}) > 0', ""),
        "no data: nobody ever heard it",
    ),
    "a budget never spent": (lambda text: text.replace(">= 1\n", ">= 2\n"), "exhausted: all is spent"),
    "a window taken for seen": (lambda text: text.replace("/ 21600, 1)", "/ 1, 1)"), "exhausted: something is left"),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_they_find_rules_that_are_wrong(judged, slo, fault):
    """A planted fault makes the test fail that is there for it."""
    spoil, name = SPOILT[fault]
    words = judged([slo(rules=WORKBOOK[:1])], spoil)

    assert name in words


TOGETHER = r"sum by (slo) (rate(\1) * 0 + on () group_left () sum(rate(\1)))"
SPOILT_OF_GROUPS = {
    "all of them together": (
        lambda text: re.sub(r"sum by \(slo\) \(rate\((.*?\])\)\)", TOGETHER, text),
        "page 1h 5m: fires above its factor",
    ),
    "another's groups": (
        lambda text: text.replace('group_info{group_of="payments', 'group_info{group_of="pay'),
        "page 1h 5m: fires above its factor",
    ),
    "a budget never spent": (lambda text: text.replace(">= 1\n", ">= 2\n"), "exhausted: all is spent"),
    "no guard": (lambda text: text.replace(">= 3", ">= 1"), "below the guard"),
}


@pytest.mark.parametrize("fault", SPOILT_OF_GROUPS)
def test_they_find_rules_of_groups_that_are_wrong(judged, slo, fault):
    """As those of an SLO, and where a group is not judged by itself."""
    spoil, name = SPOILT_OF_GROUPS[fault]

    assert name in judged([slo(rules=WORKBOOK[:1], group_by=("tenant",))], spoil)


def test_the_same_slos_give_the_same_tests(slo):
    """In whatever order, as YAML that promtool reads; an SLO that tells nobody has none."""
    slos = [slo(), slo("users-availability", "users", "0.999"), slo("quiet", rules=())]
    written = promtool.build_tests(slos)

    assert written == promtool.build_tests(slos[::-1])
    assert written == yaml.safe_load(yaml.safe_dump(written))
    assert "quiet" not in yaml.safe_dump(written)


def test_what_can_not_be_met_is_not_tested(slo):
    """Everything failing is no more than ten times what 90 % allow, so 14.4 times is never said to fire."""
    named = names_of([slo(target="0.9")])

    assert "page 1h 5m: fires above its factor" not in named
    assert "page 6h 30m: fires above its factor" in named


def test_what_an_earlier_build_tested_is_taken_away(slo, tmp_path):
    """Tests of an SLO that is gone would fail for ever; a test that somebody wrote beside them stays."""
    own = tmp_path / "prometheus" / "tests" / "every_5s.yml"
    first = promtool.write(tmp_path, [slo(rules=WORKBOOK[:1]), slo("slow", rules=WORKBOOK[2:])])
    own.write_text("tests: []\n")
    second = promtool.write(tmp_path, [slo(rules=WORKBOOK[:1])])

    assert set(second) < set(first)
    assert {*second, own} == set(own.parent.iterdir())
    assert [] == promtool.write(tmp_path, [])
    assert [own] == list(own.parent.iterdir())
