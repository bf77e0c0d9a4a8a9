"""Alert rules into a folder, a group at a time. Grafana shows rules that came by this API as provisioned, and lets nobody edit them.

So what does not carry that provenance is somebody else's, and stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from ....slo import Window
from .api import GrafanaApi
from .boards import FOLDER_UID
from .change import PushChange, decided

_PROVENANCE: Final = "api"
_NAMES: Final = {"keepFiringFor": "keep_firing_for"}
_LINKS: Final = {"dashboardUid": "__dashboardUid__", "panelId": "__panelId__"}
"""Which panel a rule leads to: keys of its own in files, annotations here."""


def rule_changes(api: GrafanaApi, groups: Sequence[dict[str, Any]], *, force: bool) -> Iterator[PushChange]:
    """Each group of `groups`, which are as files have them; those that are somebody else's are refused, unless by `force`."""
    for group in groups:
        wanted = as_api(group)
        path = f"/api/v1/provisioning/folder/{FOLDER_UID}/rule-groups/{quote(wanted['title'], safe='')}"
        there = api.get(path)
        others = [] if there is None else [r for r in there["rules"] if r.get("provenance") != _PROVENANCE]
        yield decided(
            f"rules {wanted['title']!r}",
            there,
            wanted,
            lambda path=path, wanted=wanted: api.send("PUT", path, wanted),  # type: ignore[misc]  # mypy can't infer defaults
            not_ours="it holds rules that were not pushed; --force overwrites them" if others else "",
            force=force,
        )


def as_api(group: dict[str, Any]) -> dict[str, Any]:
    """A group of rules as the API has it. `$$` stands for a dollar sign in files alone."""
    title = group["name"].replace("$$", "$")
    seconds = Window.parse(group["interval"]).seconds
    rules = [_rule(each, title) for each in group["rules"]]
    return {"title": title, "folderUid": FOLDER_UID, "interval": seconds, "rules": rules}


def _rule(rule: dict[str, Any], group: str) -> dict[str, Any]:
    kept = {_NAMES.get(key, key): value for key, value in rule.items() if key not in _LINKS}
    links = {name: str(rule[key]) for key, name in _LINKS.items() if key in rule}
    return kept | {
        "title": rule["title"].replace("$$", "$"),
        "annotations": rule["annotations"] | links,
        "folderUID": FOLDER_UID,
        "ruleGroup": group,
        "orgID": 1,
    }
