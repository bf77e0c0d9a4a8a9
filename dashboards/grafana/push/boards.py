"""Dashboards into a folder. Who saved a dashboard last is said by its newest version: ours carry a mark with what was pushed.

A mark of ours on the newest version means that nobody saved the dashboard since; without one, a person did, or another tool, and it stays
as it is. Each save names the version that was looked at, so that Grafana itself refuses what was saved in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from ..provision import written
from .api import GrafanaApi
from .change import Action, PushChange, decided

FOLDER_UID: Final = "fournines"
MARK: Final = "fournines push "
"""What the messages of versions begin with that we saved; then a digest of what was pushed."""


def folder_change(api: GrafanaApi, title: str) -> PushChange:
    """The folder that everything is pushed into."""
    there = api.get(f"/api/folders/{FOLDER_UID}")
    body = {"uid": FOLDER_UID, "title": title}
    if there is None:
        return PushChange(Action.CREATE, f"folder {title!r}", apply=lambda: api.send("POST", "/api/folders", body))
    return PushChange(Action.KEEP, f"folder {there['title']!r}")


def board_changes(api: GrafanaApi, boards: Mapping[str, dict[str, Any]], *, force: bool) -> Iterator[PushChange]:
    """Each dashboard; those that a person changed are refused, unless by `force`."""
    for board in boards.values():
        found = api.get(f"/api/dashboards/uid/{board['uid']}")
        yield _change(api, board, found, force=force)


def _change(api: GrafanaApi, board: dict[str, Any], found: Any, *, force: bool) -> PushChange:
    there = None if found is None else found["dashboard"]
    known = {} if there is None else {"version": there["version"]}
    body = {
        "dashboard": board | known,
        "folderUid": FOLDER_UID,
        "overwrite": force,
        "message": f"{MARK}{sha256(written(board).encode()).hexdigest()[:12]}",
    }
    return decided(
        f"dashboard {board['uid']}",
        there,
        board,
        lambda: api.send("POST", "/api/dashboards/db", body),
        not_ours="" if found is None else _not_ours(api, board["uid"], found),
        force=force,
    )


def _not_ours(api: GrafanaApi, uid: str, found: Any) -> str:
    """Why a dashboard that is there is not to be overwritten; empty where we saved it last."""
    if found["meta"].get("provisioned"):
        return "it comes from files of Grafana's provisioning"
    said = api.get(f"/api/dashboards/uid/{uid}/versions", limit=1) or []
    versions = said["versions"] if isinstance(said, dict) else said  # a list until Grafana 11
    newest = versions[0] if versions else {}
    if newest.get("version") == found["dashboard"]["version"] and str(newest.get("message", "")).startswith(MARK):
        return ""
    return f"{newest.get('createdBy') or 'somebody'} changed it in Grafana; --force overwrites that"
