"""What the conditions of Grafana's rules mean: the same as the rules of the SLO."""

from __future__ import annotations

import re
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from fournines.alerts.rules.grafana.provision import build_groups
from fournines.slo import SLI, SLO, WORKBOOK, Objective, Severity, SLIKind

CHECKED = SLO("a", SLI(SLIKind.AVAILABILITY, "s"), Objective.parse("0.9999"))
CONDITIONS = {
    Severity(rule["labels"]["severity"]): rule["data"][-1]["model"]["expression"]
    for group in build_groups([CHECKED])
    for rule in group["rules"]
    if "slo" in rule["labels"]
}
EDGES = st.sampled_from(["0", "0.0001", "0.0003", "0.0006", "0.00144", "1"])
SHARES = EDGES | st.decimals("0", "0.01", places=6).map(str)


@given(
    shares=st.lists(SHARES, min_size=4, max_size=4),
    failed=st.lists(st.integers(0, 6), min_size=2, max_size=2),
    held=st.booleans(),
)
@example(shares=["0.00145", "0.00145", "0", "0"], failed=[3, 0], held=False)
@example(shares=["0.00145", "0.00145", "0", "0"], failed=[2, 9], held=False)
@example(shares=["0.00144", "1", "0.0006", "1"], failed=[9, 9], held=False)
def test_a_rule_holds_when_any_of_its_pairs_does(shares, failed, held):
    """Both windows strictly above the limit, a page's with three failures or more; a ticket only while its page does not fire."""
    for severity, condition in CONDITIONS.items():
        pairs = list(zip(shares[::2], shares[1::2], failed, strict=True))
        rules = [rule for rule in WORKBOOK if rule.severity is severity]
        limits = [rule.factor(CHECKED.window) * CHECKED.objective.allowed for rule in rules]
        expected = any(
            Fraction(long) > limit and Fraction(short) > limit and (bad >= 3 or severity is Severity.TICKET)
            for limit, (long, short, bad) in zip(limits, pairs, strict=True)
        )
        paging = severity is Severity.PAGE
        read = [value for long, short, bad in pairs for value in ((long, short, bad) if paging else (long, short))]
        values = {f"R{number}": float(value) for number, value in enumerate(read, start=1)} | {"held": float(held)}

        python = condition.replace("&&", "and").replace("||", "or").replace("$", "")
        assert (expected and (paging or not held)) == eval(python, {}, values)


def test_a_page_says_what_fails_over_each_long_window():
    """Whichever pair holds, its share is there and never 0 of another's; a budget that is not known, or over-spent, is no share of it."""
    (rule,) = (rule for group in build_groups([CHECKED]) for rule in group["rules"] if rule["uid"] == "a-page")
    said = rule["annotations"]["summary"]
    asked = {entry["refId"]: entry["model"].get("expr", entry["model"].get("expression", "")) for entry in rule["data"]}

    for share, window in re.findall(r"humanizePercentage \.(R\d+)\.Value }}[^{]*over (\d+[hd])", said):
        assert f"ratio_rate{window}{{" in asked[asked[share]]
    assert ["1h", "6h"] == re.findall(r"over (\d+[hd])", said)
    assert said.endswith(
        "{{ if gt .left.Value 0.0 }}, {{ humanizePercentage .left.Value }} of the error budget left"
        "{{ else if le .left.Value 0.0 }}, the error budget is over-spent{{ end }}{{ end }}"
    )
