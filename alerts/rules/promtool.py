"""Tests of the rule file, for `promtool test rules`: what pages, what does not, what resolves, what is absent, what is spent.

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
All SLOs stand in each test: its cost is that of the samples, and grows with the SLOs, not with their square.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import yaml

from ...slo import SLO
from ...slo.group import others_of
from . import tested_alerts
from .courses import courses, step_of
from .slo_rules import is_counted
from .tested import Case, merged

_FOLDER: Final = Path("prometheus", "tests")
_RULES: Final = "../rules.yml"
_HEADER: Final = (
    "# Written by `fournines build`: run it with `promtool test rules`. Change the SLO file, not this one.\n"
)


def build_tests(slos: Sequence[SLO]) -> dict[int, dict[str, Any]]:
    """The documents of the tests, by the seconds between two evaluations; the same for the same SLOs in whatever order."""
    ordered = sorted(slos, key=lambda slo: slo.name)
    taken = {slo.name for slo in ordered}
    by_step: dict[int, list[Case]] = {}
    for case in (case for slo in ordered for case in _cases(slo, taken)):
        by_step.setdefault(case.step, []).append(case)
    return {
        step: {
            "rule_files": [_RULES],
            "evaluation_interval": f"{step}s",
            "tests": list(merged(cases)),
        }
        for step, cases in sorted(by_step.items())
    }


def _cases(slo: SLO, taken: Collection[str]) -> Iterator[Case]:
    """Those of its groups are of one that stands for them all, whatever their values are."""
    judged = _stand_in(slo, taken) if slo.group_by else slo
    for rule in slo.rules:
        if is_counted(slo):
            for tested in courses(judged, rule):
                yield tested_alerts.counted(judged, tested)
        else:
            yield from tested_alerts.told(judged, rule, step_of(rule))
    if slo.rules:
        yield from tested_alerts.silent(slo)
        yield from tested_alerts.spent(judged)


def _stand_in(template: SLO, taken: Collection[str]) -> SLO:
    """A group whose place no SLO of the file takes."""
    group = others_of(template)
    while {group.name, tested_alerts.calm_name(group)} & set(taken):
        group = replace(group, name=f"{group.name}-x")
    return group


def write(out_dir: Path, slos: Sequence[SLO]) -> list[Path]:
    """Writes the tests below `out_dir`, beside the rules, and takes away those of an earlier build; returns what it wrote."""
    folder = out_dir / _FOLDER
    texts = {folder / f"every_{step}s.yml": _text(document) for step, document in build_tests(slos).items()}
    for old in set(folder.glob("every_*s.yml")) - texts.keys():
        if old.read_bytes().startswith(_HEADER.encode()):
            old.unlink()
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _text(document: Mapping[str, Any]) -> str:
    return _HEADER + yaml.safe_dump(document, sort_keys=False, width=200)
