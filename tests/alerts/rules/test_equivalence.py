"""The same recorded hours, judged by the collector's engine and by Prometheus with the generated rules: the same alerts open and close.

The hours are counts by steps of half a minute: of the engine by time, of Prometheus as counters. Both judge every 30 s. Where they differ,
and why, stands at the end. Prometheus is promtool's: its real engine and its real rule manager, over series that it is given.
"""

from __future__ import annotations

import itertools
import random
import re
import subprocess
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pytest
import yaml

from fournines.alerts import AlertKind
from fournines.alerts.rules.prometheus import build_rules, rules_yaml
from fournines.slo import HOUR, MINUTE, BurnRule, EventCount, FakeEventSource, Severity, Window, evaluate
from fournines.slo.group import group_of

STEP = 30
START = 1_800_000_000
NAME = "payments-availability"


def rule(severity, percent, long, short):
    """A pair of windows, as the workbook's, of a smaller month."""
    return BurnRule(severity, Fraction(percent, 100), Window.parse(long), Window.parse(short))


SMALL_MONTH = Window.parse("8h")
RULES = (
    rule(Severity.PAGE, 15, "10m", "2m"),
    rule(Severity.PAGE, 25, "30m", "5m"),
    rule(Severity.TICKET, 40, "2h", "20m"),
    rule(Severity.TICKET, 95, "7h", "40m"),
)
"""Long windows straight from the counter, and one from its copy; of so short a budget that hours are enough."""


@dataclass
class Hours:
    """Counts of bad and of all events in each step; `resets` are the steps at which the counters begin anew."""

    seed: int = 1
    bad: list[int] = field(default_factory=list)
    total: list[int] = field(default_factory=list)
    resets: set[int] = field(default_factory=set)
    since: int = START

    def then(self, minutes, failing, rate=10.0):
        """So many minutes with a share of failures, at so many events a second; both as chance has it."""
        chance = random.Random(self.seed + len(self.total))
        for _ in range(minutes * MINUTE // STEP):
            total = int(rate * STEP) if rate * STEP >= 1 else chance.random() < rate * STEP
            self.total.append(int(total))
            self.bad.append(sum(chance.random() < failing for _ in range(int(total))))
        return self

    def reset(self):
        """A collector with a new ledger."""
        self.resets.add(len(self.total))
        return self

    def counter(self, now):
        """What an exact counter saw by then, of a window."""
        bad, total = (np.concatenate([[0], np.cumsum(counts)]) for counts in (self.bad, self.total))
        end = (now - START) // STEP

        def count(window):
            begin = max(0, (now - window.seconds - START) // STEP)
            every = int(total[end] - total[begin])
            return EventCount(every - int(bad[end] - bad[begin]), every)

        return count

    def series(self, result, every):
        """A counter in promtool's notation, seen at every so many steps, reset where it was."""
        value, values = 0, [0]
        for step, (bad, total) in enumerate(zip(self.bad, self.total, strict=True)):
            value = (0 if step in self.resets else value) + (bad if result == "bad" else total - bad)
            values.append(value)
        return " ".join(map(str, values[::every]))


def of_engine(engine, recorded):
    """At which steps page and ticket of each SLO are open, by the embedded evaluation and the alert engine."""
    found = {(one.name, severity): [] for one in recorded for severity in Severity}
    for step in range(1, steps_of(recorded) + 1):
        now = START + step * STEP
        counters = {one.name: hours.counter(now) for one, hours in recorded.items()}
        source = FakeEventSource(
            lambda name, window, counters=counters: counters[name](window),
            since={one.name: hours.since for one, hours in recorded.items()},
        )
        engine.evaluate(evaluate(list(recorded), source, now), now)
        open_ = {(key.name, key.kind) for key in engine.open.by_key}
        for (name, severity), states in found.items():
            kind = AlertKind.PAGE if severity is Severity.PAGE else AlertKind.TICKET
            states.append((name, kind) in open_)
    return found


def steps_of(recorded):
    """How many steps were recorded, of all alike."""
    (steps,) = {len(hours.total) for hours in recorded.values()}
    return steps


def changes(states):
    """The steps at which an alert opens or closes, and which."""
    return [
        (step, after) for step, (before, after) in enumerate(itertools.pairwise([False, *states]), 1) if before != after
    ]


def of_prometheus(promtool_binary, folder, recorded, every=1, template=None):
    """The same, by promtool, of counters scraped at `every` so many steps: it is asked for what is not so, and says what is.

    Where they are groups, the rules are those of their `template`, and the collector says whose they are.
    """
    (folder / "rules.yml").write_text(rules_yaml([template] if template else list(recorded)))
    steps = range(1, steps_of(recorded) + 1)
    asked = [
        {
            "expr": f'count(ALERTS{{alertname="SLOErrorBudgetBurn", alertstate="firing", slo="{one.name}",'
            f' severity="{severity.value}"}}) # {step}',
            "eval_time": f"{step * STEP}s",
            "exp_samples": [],
        }
        for one in recorded
        for severity in Severity
        for step in steps
    ]
    series = [
        {
            "series": f'slo_events_total{{slo="{one.name}",service="payments",result="{result}"}}',
            "values": hours.series(result, every),
        }
        for one, hours in recorded.items()
        for result in ("good", "bad")
    ]
    series += [
        {
            "series": f'slo_group_info{{slo="{one.name}",service="payments",group_of="{one.group_of}"}}',
            "values": f"1x{len(steps)}",
        }
        for one in recorded
        if one.group_of
    ]
    test = {"interval": f"{every * STEP}s", "input_series": series, "promql_expr_test": asked}
    document = {"rule_files": ["rules.yml"], "evaluation_interval": f"{STEP}s", "tests": [test]}
    (folder / "tests.yml").write_text(yaml.safe_dump(document))
    command = [promtool_binary, "test", "rules", "tests.yml"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    said = ended.stdout + ended.stderr
    firing = set(re.findall(r'slo=\\"([\w-]+)\\", severity=\\"(\w+)\\"\}\) # (\d+)"', said))
    return {
        (one.name, severity): [(one.name, severity.value, str(step)) in firing for step in steps]
        for one in recorded
        for severity in Severity
    }


HEALTHY = 0.0008
"""At 99 % a burn of less than a tenth."""

RECORDED = {
    "fast burn": lambda hours: hours.then(6, 0.3).then(60, HEALTHY),
    "slow burn": lambda hours: hours.then(150, 0.03).then(60, HEALTHY),
    "blips": lambda hours: [hours.then(1, 0.25).then(9, HEALTHY) for _ in range(8)],
    "no traffic": lambda hours: hours.then(4, 0.5).then(40, 0, rate=0).then(10, 0.5).then(40, HEALTHY),
    "resets": lambda hours: hours.then(3, 0.3).reset().then(3, 0.3).then(20, HEALTHY).reset().then(40, HEALTHY),
}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("recorded", RECORDED)
def test_both_open_and_close_the_same_alerts(engines, slo, promtool_binary, tmp_path, recorded):
    """After hours of health, within one evaluation of each other; and there is something to open."""
    one = replace(slo(target="0.99", rules=RULES), window=SMALL_MONTH)
    hours = Hours().then(8 * HOUR // MINUTE, HEALTHY)
    calm = len(hours.total)
    RECORDED[recorded](hours)
    recorded = {one: hours}

    ours, theirs = of_engine(engines(), recorded), of_prometheus(promtool_binary, tmp_path, recorded)

    assert not any(any(states[:calm]) for states in (*ours.values(), *theirs.values()))
    assert changes(ours[NAME, Severity.PAGE]) or changes(ours[NAME, Severity.TICKET])
    open_and_close_alike(ours, theirs)


def open_and_close_alike(ours, theirs):
    """Both have the same alerts, each within one evaluation."""
    assert ours.keys() == theirs.keys()
    for key in ours:
        mine, other = changes(ours[key]), changes(theirs[key])
        assert len(mine) == len(other), (key, mine, other)
        for (step, opens), (their_step, their_opens) in zip(mine, other, strict=True):
            assert opens == their_opens
            assert abs(step - their_step) <= 1, (key, mine, other)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_groups_open_and_close_their_own_alerts(engines, slo, promtool_binary, tmp_path):
    """Side by side: one burns fast, one slowly and with a fifth of its traffic, one is well while its counters begin anew."""
    template = replace(slo(target="0.99", rules=RULES, group_by=("tenant",)), window=SMALL_MONTH)
    calm = 8 * HOUR // MINUTE
    hours = {
        "fast": Hours(1).then(calm, HEALTHY).then(6, 0.3).then(204, HEALTHY),
        "slow": Hours(2).then(calm, HEALTHY, rate=2).then(150, 0.03, rate=2).then(60, HEALTHY, rate=2),
        "well": Hours(3).then(calm, HEALTHY).reset().then(10, HEALTHY).reset().then(200, HEALTHY),
    }
    recorded = {group_of(template, f"{NAME}-{tenant}", (tenant,)): each for tenant, each in hours.items()}

    ours = of_engine(engines(), recorded)
    theirs = of_prometheus(promtool_binary, tmp_path, recorded, template=template)

    open_and_close_alike(ours, theirs)
    told = {key for key in ours if changes(ours[key])}
    assert {(f"{NAME}-fast", Severity.PAGE), (f"{NAME}-slow", Severity.TICKET)} <= told
    assert not {name for name, _ in told} - {f"{NAME}-fast", f"{NAME}-slow"}


def test_they_differ_while_a_window_is_not_covered(engines, slo, promtool_binary, tmp_path):
    """The collector takes what it has not seen for traffic without failures; Prometheus knows only what it saw, and pages earlier."""
    one = replace(slo(target="0.99", rules=RULES[:2]), window=SMALL_MONTH)
    hours = Hours().then(5, HEALTHY).then(1, 0.4).then(4, HEALTHY)

    ours, theirs = of_engine(engines(), {one: hours}), of_prometheus(promtool_binary, tmp_path, {one: hours})

    assert not changes(ours[NAME, Severity.PAGE])
    assert [True] == [opens for _, opens in changes(theirs[NAME, Severity.PAGE])]


def test_they_differ_where_a_count_is_an_estimate(engines, slo, promtool_binary, tmp_path):
    """`increase` extrapolates to the edges of its window: scraped each minute, 29 failures are read as the 30 that a page needs."""
    one = replace(slo(target="0.99", rules=RULES[:1], min_bad_events=30), window=SMALL_MONTH)
    hours = Hours(since=START - 8 * HOUR).then(20, 0, rate=0.2)
    hours.bad[-8:] = [4, 4, 4, 4, 4, 3, 3, 3]
    hours.then(5, 0, rate=0.2)

    ours = of_engine(engines(), {one: hours})
    seldom, often = (of_prometheus(promtool_binary, tmp_path, {one: hours}, every=every) for every in (2, 1))

    assert not changes(ours[NAME, Severity.PAGE])
    assert not changes(often[NAME, Severity.PAGE])
    assert changes(seldom[NAME, Severity.PAGE])


def test_no_syntax_is_used_that_changed_its_meaning(slo, latency_slo):
    """Prometheus 3: no `.` in a pattern, no `le` or `quantile`, no holt_winters, no window of one sample's length."""
    grouped = slo("g.rouped", group_by=("tenant",))
    slos = [slo(), latency_slo, slo('e"vil.name', "pay.ments", labels={"a.b": "x"}), grouped]
    rules = [rule for group in build_rules(slos)["groups"] for rule in group["rules"]]

    assert rules
    patterns = set()
    for expr in (rule["expr"] for rule in rules):
        patterns |= set(re.findall(r'(?:[=!]~|"slo",) "?("(?:\\.|[^"\\])*")', expr.replace("=~", "=~ ")))
        bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', expr)
        assert not re.search(r"\ble\b|\bquantile\b|holt_winters|double_exponential|@|\boffset\b|:\]", bare)
        for window in re.findall(r"\[(\w+)\]", bare):
            assert Window.parse(window).seconds >= 5 * MINUTE
    assert {r'"g\\.rouped-[^\\n]+"', r'"([^\\n]+)"'} == patterns
