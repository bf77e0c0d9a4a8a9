"""The rule file: Sloth's record names and labels, computed from the collector's `slo_events_total`.

Where the collector and these rules differ: `rate` and `increase` extrapolate, so counts are estimates; and a window that is not yet
covered is judged by what was seen of it. What is no count of events (slices, composites, queries) is as the collector judges it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from ...slo import MINUTE, SLO, Method, NoData, Severity, Unit
from ...slo.measure import amount_failed
from .. import names
from .slo_rules import FAST, SloRules, is_counted
from .subject import Groups, Judged, OneSlo


def build_rules(slos: Sequence[SLO], public_url: str = "http://127.0.0.1:8400") -> dict[str, Any]:
    """The rule file's document, the same for the same SLOs in whatever order. `public_url` is where the collector's pages are."""
    ordered = sorted(slos, key=lambda slo: slo.name)
    taken = [slo.name for slo in ordered]
    judged = (subject for slo in ordered for subject in _subjects(slo, taken))
    return {"groups": [*(group for each in judged for group in SloRules(each, public_url).groups()), _watchdog()]}


def _subjects(slo: SLO, taken: Collection[str]) -> Iterator[Judged]:
    yield OneSlo(slo)
    if slo.group_by:
        yield Groups(slo, taken)


def _watchdog() -> dict[str, Any]:
    """An alert that always fires: the dead man's switch at the end of Alertmanager's route calls when it no longer comes."""
    alert = {
        "alert": names.ALERT_WATCHDOG,
        "expr": "vector(1)",
        "labels": {names.LABEL_SEVERITY: "none"},
        "annotations": {
            names.ANNOTATION_SUMMARY: "Prometheus evaluates the rules of SLOs and reaches Alertmanager",
            names.ANNOTATION_DESCRIPTION: "It always fires. Send it to what calls somebody when it stops.",
        },
    }
    return {"name": "fournines-watchdog", "interval": str(FAST), "rules": [alert]}


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


def notes(slos: Sequence[SLO]) -> Iterator[str]:
    """What these rules judge otherwise than the collector, because nobody tells Prometheus: a sentence for each SLO that it is true of."""
    for slo in slos:
        pages = any(rule.severity is Severity.PAGE for rule in slo.rules)
        asked = slo.sli.promql is not None and slo.unit is Unit.EVENTS and slo.min_bad_events > 1
        if pages and (asked or slo.method is Method.RATIO_TIMESLICES):
            enough = amount_failed(slo, slo.min_bad_events)
            yield f"{slo.name} pages when {enough}, which its rules can't know: they page for less as well"
        if slo.rules and is_counted(slo):
            yield from _uncounted(slo)


def _uncounted(slo: SLO) -> Iterator[str]:
    """What the collector makes of events, or has in place of them, and its counter does not."""
    if slo.corrections:
        yield f"{slo.name} has corrections, which its rules can't know: what was taken out counts"
    if slo.no_data is NoData.BAD:
        yield f"{slo.name} takes what a silent service does not report for failed: its rules can't know, and page for the silence alone"
    if quick := [str(rule.short) for rule in slo.rules if rule.short.seconds < MINUTE]:
        yield f"{slo.name} is judged over {', '.join(quick)}, where its rules never fire unless Prometheus scrapes twice in that time"


class _Dumper(yaml.SafeDumper):
    """Expressions of several lines as blocks; no anchors, which make two equal label sets look like one."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block)
