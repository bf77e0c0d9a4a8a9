"""Grafana's alerting as files: what it reads from `provisioning/alerting`, the same for the same SLOs.

A rule that is only left out of a file stays in Grafana for ever. So what stood in the file before, and is there no more, is told to be
deleted: the file that `build` finds in its folder is the list of what it wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from ....slo import SLO, Severity
from ...dependencies import Dependencies
from ..receivers import PLACEHOLDERS, Webhooks
from .burn_rule import BurnAlert
from .modernise import modernise
from .notifications import ORGANISATION, contact_points, policies
from .panel_link import PanelLink
from .rule import GrafanaRule
from .text import title
from .watch_rules import watch_rules

Json = dict[str, Any]

FOLDER: Final = Path("grafana") / "provisioning" / "alerting"
RULES_FILE: Final = "fournines-rules.yaml"
DATASOURCE: Final = "prometheus"
"""The uid of the data source that `build` writes an example of."""

_INTERVALS: Final = {Severity.PAGE: "10s", Severity.TICKET: "1m"}
"""How often a rule is asked. Ten seconds are the shortest that Grafana knows."""
_SLOS: Final = "SLO"
_HEADER: Final = "# Written by `fournines build` from the SLO file: change that file, not this one.\n"
_POINTS_HEADER: Final = "# Written by `fournines build`. Put your own receivers where the webhooks stand.\n"
_POLICIES_HEADER: Final = (
    "# Written by `fournines build`. It takes the place of ALL notification policies of the organisation:\n"
    "# leave this file away where there are others, and route `severity` there.\n"
)


def build_groups(
    slos: Sequence[SLO],
    public_url: str = "http://127.0.0.1:8400",
    datasource: str = DATASOURCE,
    panels: Mapping[str, PanelLink] | None = None,
) -> list[Json]:
    """The groups of rules: two an SLO, and one that watches the others. `panels` are where alerts lead, by the SLO's name."""
    known = sorted(slos, key=lambda slo: slo.name)
    above = Dependencies(slos)
    found = []
    for slo in known:
        for severity in Severity:
            if any(rule.severity is severity for rule in slo.rules):
                alert = BurnAlert(slo, severity, above, public_url, datasource, (panels or {}).get(slo.name))
                found.append(_group(title(slo.name, f" {severity.value}"), _INTERVALS[severity], [alert.rule]))
    if known:
        found.append(_group("fournines", _INTERVALS[Severity.PAGE], list(watch_rules(known, datasource))))
    return found


def _group(name: str, interval: str, rules: Sequence[GrafanaRule]) -> Json:
    return {
        "orgId": ORGANISATION,
        "name": name,
        "folder": _SLOS,
        "interval": interval,
        "rules": [modernise(rule.to_json_data()) for rule in rules],
    }


def write(
    out_dir: Path,
    slos: Sequence[SLO],
    public_url: str = "http://127.0.0.1:8400",
    *,
    to: Webhooks = PLACEHOLDERS,
    datasource: str = DATASOURCE,
    panels: Mapping[str, PanelLink] | None = None,
) -> list[Path]:
    """Writes rules, contact points and policies below `out_dir`; returns what it wrote. `ValueError` for a rule file that is not ours."""
    folder = out_dir / FOLDER
    groups = build_groups(slos, public_url, datasource, panels)
    gone = sorted(_written(folder / RULES_FILE) - {rule["uid"] for group in groups for rule in group["rules"]})
    deleted = {"deleteRules": [{"orgId": ORGANISATION, "uid": uid} for uid in gone]} if gone else {}
    texts = {
        RULES_FILE: _text(_HEADER, {"groups": groups, **deleted}),
        "fournines-contact-points.yaml": _text(_POINTS_HEADER, {"contactPoints": contact_points(to)}),
        "fournines-policies.yaml": _text(_POLICIES_HEADER, {"policies": policies()}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in sorted(texts)]


def _written(path: Path) -> set[str]:
    """The uids of all rules that the file there has, or has deleted."""
    if not path.exists():
        return set()
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        groups, deleted = document.get("groups") or (), document.get("deleteRules") or ()
        rules = [rule for group in groups for rule in group["rules"]]
        return {str(entry["uid"]) for entry in (*rules, *deleted)}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        raise ValueError(f"{path} is no rule file of Grafana: remove it, and then the rules that it had") from None


def _text(header: str, document: Json) -> str:
    dumped = yaml.dump({"apiVersion": 1, **document}, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
    return header + str(dumped)


class _Dumper(yaml.SafeDumper):
    """No anchors, which make two equal label sets look like one."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
