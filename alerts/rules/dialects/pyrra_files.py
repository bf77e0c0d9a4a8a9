"""Pyrra's files: an SLO each, with and without its generic rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ....slo import SLO
from ....slo.imported.pyrra_tiers import PYRRA_TIERS
from .go_yaml import yaml_text
from .pyrra import PyrraRules
from .unsaid import lacks


def pyrra_files(slos: Sequence[SLO]) -> dict[str, str]:
    """The file that Pyrra writes of each of the SLOs that it can say, by its path."""
    return {f"{rules.slo.name}.yaml": yaml_text({"groups": rules.groups()}) for rules in _said(slos)}


def generic_files(slos: Sequence[SLO]) -> dict[str, str]:
    """The same files with Pyrra's generic rules."""
    return {f"{rules.slo.name}.yaml": yaml_text({"groups": _with_generic(rules)}) for rules in _said(slos)}


def _with_generic(rules: PyrraRules) -> list[dict[str, Any]]:
    generic = rules.generic_group()
    return [*rules.groups(), *([generic] if generic else [])]


def _said(slos: Sequence[SLO]) -> list[PyrraRules]:
    of_slos = map(PyrraRules, sorted(slos, key=lambda it: it.name))
    return [rules for rules in of_slos if rules.refusal is None]


def pyrra_notes(slos: Sequence[SLO]) -> Iterator[str]:
    """Who is left out and why, and what is not said of the others: a sentence each."""
    refused = {slo.name: refusal for slo in slos if (refusal := PyrraRules(slo).refusal) is not None}
    yield from (f"{name} is left out, Pyrra can't say it: {refusal}" for name, refusal in refused.items())
    said = [slo for slo in slos if slo.name not in refused]
    for slo in said:
        if slo.rules and set(slo.rules) != {tier.rule(slo.window.rolling) for tier in PYRRA_TIERS}:
            yield f"{slo.name} burns at 14, 7, 2 and 1 times there, whatever its burn rules say"
    yield from lacks(said, "Pyrra")


def generic_notes(slos: Sequence[SLO]) -> Iterator[str]:
    """The same, and who has no generic rules."""
    yield from pyrra_notes(slos)
    grouped = [rules.slo.name for rules in _said(slos) if rules.generic_group() is None]
    if grouped:
        yield f"Pyrra has no generic rules for what is counted by groups: {', '.join(grouped)}"
