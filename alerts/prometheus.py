"""Prometheus rules from the SLO file: Sloth's record names and labels, computed from the collector's `slo_events_total`.

For each SLO two groups. The fast one, every 30 s: error ratios over windows up to six hours straight from the counter, what is
known of the SLO, and its alerts. The slow one, every 2 minutes: a copy of the counter at two-minute steps and, from that copy, the
ratios over longer windows; 30 days are then 21,600 samples a series instead of 172,800, and still counts, never a mean of ratios.

Where the collector and these rules differ: `rate` and `increase` extrapolate, so counts are estimates; and a window that is not yet
covered is judged by what was seen of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import yaml

from ..slo import DAY, HOUR, SLO, BurnRule, Severity, Window, figures, metric_names
from . import names
from .links import links
from .promql import label_name, literal_in_template, selector, string
from .state import KEEP_FIRING_SECONDS

FAST: Final = Window(30)
SLOW: Final = Window(120)
"""Below Prometheus' look-back of 5 minutes, so that a slow record is never gone between two evaluations."""
FAST_UP_TO: Final = Window(6 * HOUR)

Rule = dict[str, Any]

_RESERVED: Final = frozenset(
    {
        names.LABEL_ALERTNAME,
        names.LABEL_SEVERITY,
        names.LABEL_SLO,
        names.LABEL_SERVICE,
        metric_names.RESULT,
        "__name__",
        "job",
        "instance",
    }
)


def build_rules(slos: Sequence[SLO], public_url: str = "http://127.0.0.1:8400") -> dict[str, Any]:
    """The rule file's document, the same for the same SLOs in whatever order. `public_url` is where the collector's pages are."""
    ordered = sorted(slos, key=lambda slo: slo.name)
    return {"groups": [group for slo in ordered for group in _Rules(slo, public_url).groups()]}


def rules_yaml(slos: Sequence[SLO], public_url: str = "http://127.0.0.1:8400") -> str:
    """The rule file's text."""
    header = "# Written by `fournines build` from the SLO file: change that file, not this one.\n"
    return header + yaml.dump(
        build_rules(slos, public_url), Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True
    )


def write(out_dir: Path, slos: Sequence[SLO], public_url: str = "http://127.0.0.1:8400") -> list[Path]:
    """Writes `prometheus/rules.yml` below `out_dir`; returns what it wrote."""
    path = out_dir / "prometheus" / "rules.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rules_yaml(slos, public_url), encoding="utf-8")
    return [path]


@dataclass(frozen=True)
class _Rules:
    """The rules of one SLO."""

    slo: SLO
    public_url: str

    @property
    def identity(self) -> dict[str, str]:
        return {
            names.SLOTH_ID: f"{self.slo.service}-{self.slo.name}",
            names.SLOTH_SERVICE: self.slo.service,
            names.SLOTH_SLO: self.slo.name,
        }

    @property
    def labels(self) -> dict[str, str]:
        return {**self.identity, **own_labels(self.slo)}

    def groups(self) -> list[dict[str, Any]]:
        ident = self.identity[names.SLOTH_ID]
        windows = sorted(self.slo.windows)
        fast = [self.sli(window) for window in windows if window <= FAST_UP_TO]
        slow = [self.sli(window) for window in windows if window > FAST_UP_TO]
        rules = [*fast, *self.metadata(windows[0]), *self.alerts()]
        found = [{"name": f"fournines-slo-fast-{ident}", "interval": str(FAST), "rules": rules}]
        if slow:
            found.append({"name": f"fournines-slo-slow-{ident}", "interval": str(SLOW), "rules": [self.copy(), *slow]})
        return found

    def copy(self) -> Rule:
        """Series by series, so that a counter's reset stays visible to `rate`."""
        expr = selector(metric_names.EVENTS, self.events)
        return {"record": names.RECORD_EVENTS_COPY, "expr": expr, "labels": self.identity}

    @property
    def events(self) -> dict[str, str]:
        return {names.LABEL_SLO: self.slo.name}

    def counter(self, window: Window, *, bad: bool) -> str:
        source = metric_names.EVENTS if window <= FAST_UP_TO else names.RECORD_EVENTS_COPY
        only = {metric_names.RESULT: metric_names.BAD} if bad else {}
        return f"{selector(source, {**self.events, **only})}[{window}]"

    def sli(self, window: Window) -> Rule:
        """The share of bad events; 0 before the first bad one, nothing at all without traffic (0/0 would spread as NaN)."""
        bad, every = self.counter(window, bad=True), self.counter(window, bad=False)
        expr = f"(sum(rate({bad})) or 0 * sum(rate({every})))\n/\n(sum(rate({every})) > 0)\n"
        labels = {**self.labels, names.SLOTH_WINDOW: str(window)}
        return {"record": f"{names.RECORD_SLI_ERROR}{window}", "expr": expr, "labels": labels}

    def metadata(self, shortest: Window) -> list[Rule]:
        objective = self.slo.objective
        days = figures.exact(Fraction(self.slo.window.seconds, DAY))
        constants = {
            names.RECORD_OBJECTIVE: f"vector({objective})",
            names.RECORD_ERROR_BUDGET: f"vector({figures.exact(objective.allowed)})",
            names.RECORD_PERIOD_DAYS: f"vector({days})",
            names.RECORD_CURRENT_BURN: self.burn(shortest),
            names.RECORD_PERIOD_BURN: self.burn(self.slo.window),
            names.RECORD_REMAINING: f"1 - {selector(names.RECORD_PERIOD_BURN, self.identity)}",
        }
        rules: list[Rule] = [{"record": name, "expr": expr, "labels": self.labels} for name, expr in constants.items()]
        return [*rules, {"record": names.RECORD_INFO, "expr": "vector(1)", "labels": {**self.labels, **self.info}}]

    @property
    def info(self) -> dict[str, str]:
        return {
            names.SLOTH_VERSION: "fournines",
            names.SLOTH_MODE: "fournines-build",
            names.SLOTH_SPEC: "openslo/v1",
            names.SLOTH_OBJECTIVE: figures.exact(100 * Fraction(self.slo.objective.target)),
        }

    def burn(self, window: Window) -> str:
        ratio = selector(f"{names.RECORD_SLI_ERROR}{window}", self.identity)
        matching = ", ".join((names.SLOTH_ID, names.SLOTH_SLO, names.SLOTH_SERVICE))
        return f"{ratio}\n/ on({matching}) group_left\n{selector(names.RECORD_ERROR_BUDGET, self.identity)}\n"

    def alerts(self) -> list[Rule]:
        by_severity = {s: [rule for rule in self.slo.rules if rule.severity is s] for s in Severity}
        return [self.alert(severity, rules) for severity, rules in by_severity.items() if rules]

    def alert(self, severity: Severity, rules: Sequence[BurnRule]) -> Rule:
        labels = {
            **self.labels,
            names.LABEL_SLO: self.slo.name,
            names.LABEL_SERVICE: self.slo.service,
            names.LABEL_SEVERITY: severity.value,
            names.SLOTH_SEVERITY: severity.value,
        }
        return {
            "alert": names.ALERT_BURN,
            "expr": "or\n".join(self.pair(rule) for rule in rules),
            "keep_firing_for": f"{KEEP_FIRING_SECONDS // 60}m",
            "labels": {name: literal_in_template(value) for name, value in labels.items()},
            "annotations": self.annotations(rules),
        }

    def pair(self, rule: BurnRule) -> str:
        limit = figures.exact(rule.factor(self.slo.window) * self.slo.objective.allowed)
        parts = [self.above(rule.short, limit), self.above(rule.long, limit)]
        if rule.severity is Severity.PAGE:
            enough = f"sum(increase({self.counter(rule.long, bad=True)})) >= {self.slo.min_bad_events}"
            parts.append(f"on() ({enough})")
        return "(\n  " + "\n  and ".join(parts) + "\n)\n"

    def above(self, window: Window, limit: str) -> str:
        ratio = selector(f"{names.RECORD_SLI_ERROR}{window}", self.identity)
        return f"max({ratio} > {limit}) without ({names.SLOTH_WINDOW})"

    def annotations(self, rules: Sequence[BurnRule]) -> dict[str, str]:
        slo = self.slo
        name, percent = literal_in_template(slo.name), figures.objective(slo.objective)
        pairs = ", or ".join(f"{figures.factor(r.factor(slo.window))}x over {r.long} and {r.short}" for r in rules)
        summary = f"{name} burns {_burn(self.identity)}, {_left(self.identity)}"
        description = (
            f"The promise: {percent} over {slo.window}. Now {{{{ $value | humanizePercentage }}}} of the events fail. "
        )
        description += f"It fires when the error budget burns above {pairs}."
        found = {name: literal_in_template(url) for name, url in links(slo, self.public_url).items()}
        return {names.ANNOTATION_SUMMARY: summary, names.ANNOTATION_DESCRIPTION: description, **found}


def own_labels(slo: SLO) -> dict[str, str]:
    """The SLO's labels under valid names; one that would hide a label of the rules' own is called `label_...`."""
    found = {}
    for name, value in sorted(slo.labels.items()):
        label = label_name(name)
        if label in _RESERVED or label.startswith(("sloth_", "__")):
            label = f"label_{label}"
        while label in found:
            label += "_"
        found[label] = value
    return found


def _burn(identity: Mapping[str, str]) -> str:
    return _asked(names.RECORD_CURRENT_BURN, identity, "{{ . | first | value | humanize }}x", "above its limit")


def _left(identity: Mapping[str, str]) -> str:
    left = "{{ $left := . | first | value }}"
    share = "{{ $left | humanizePercentage }} of the error budget left"
    text = f"{left}{{{{ if gt $left 0.0 }}}}{share}{{{{ else }}}}the error budget is over-spent{{{{ end }}}}"
    return _asked(names.RECORD_REMAINING, identity, text, "the error budget left is not known")


def _asked(record: str, identity: Mapping[str, str], text: str, missing: str) -> str:
    """A template that looks a recorded number up, and says so where there is none yet."""
    query = string(selector(record, identity))
    return f"{{{{ with query {query} }}}}{text}{{{{ else }}}}{missing}{{{{ end }}}}"


class _Dumper(yaml.SafeDumper):
    """Expressions of several lines as blocks; no anchors, which make two equal label sets look like one."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block)
