"""Deployments as annotations: marks on the time axis of every dashboard that asks for the tag `deploy`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from .api import GrafanaApi
from .change import Action, PushChange

TAG: Final = "deploy"
_OURS: Final = "fournines"
_MOST: Final = 10_000


def mark_changes(api: GrafanaApi, deployments: Sequence[dict[str, Any]]) -> Iterator[PushChange]:
    """A mark for each of `deployments`, which are as the collector's API has them; those that are there get their end."""
    marks = [_mark(each) for each in deployments]
    if not marks:
        return
    window = {"from": min(mark["time"] for mark in marks), "to": max(mark["time"] for mark in marks) + 1}
    found = api.get("/api/annotations", tags=[TAG, _OURS], limit=_MOST, **window) or []
    known = {(tuple(sorted(each["tags"])), each["time"]): each for each in found}
    for mark in marks:
        yield _change(api, mark, known.get((tuple(sorted(mark["tags"])), mark["time"])))


def _change(api: GrafanaApi, mark: dict[str, Any], there: dict[str, Any] | None) -> PushChange:
    what = f"deployment {mark['text']}"
    if there is None:
        return PushChange(Action.CREATE, what, apply=lambda: api.send("POST", "/api/annotations", mark))
    if there.get("timeEnd") == mark["timeEnd"]:
        return PushChange(Action.KEEP, what)
    end = {"timeEnd": mark["timeEnd"]}
    return PushChange(Action.UPDATE, what, apply=lambda: api.send("PATCH", f"/api/annotations/{there['id']}", end))


def _mark(deployment: dict[str, Any]) -> dict[str, Any]:
    times = [_milliseconds(deployment[key]) for key in ("started", "finished", "rolled_back") if deployment.get(key)]
    by = f" by {deployment['author']}" if deployment.get("author") else ""
    tags = [TAG, _OURS, deployment["service"], f"version:{deployment['version']}"]
    text = f"{deployment['service']} {deployment['version']}{by}"
    return {"time": times[0], "timeEnd": times[-1], "tags": tags, "text": text}


def _milliseconds(timestamp: str) -> int:
    return round(datetime.fromisoformat(timestamp).timestamp() * 1000)
