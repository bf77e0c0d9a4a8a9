"""The data source that dashboards and rules ask."""

from __future__ import annotations

from typing import Any

from .api import GrafanaApi, PushError
from .change import Action, PushChange, decided


def source_change(api: GrafanaApi, uid: str, wanted: dict[str, Any] | None, *, force: bool) -> PushChange:
    """The data source `uid`: as `wanted`, or as it is there. `PushError` where it is to be there, and is not."""
    there = api.get(f"/api/datasources/uid/{uid}")
    if wanted is None:
        if there is None:
            raise PushError(
                f"Grafana has no data source {uid!r}: name one by --datasource, or have it made by --prometheus URL"
            )
        return PushChange(Action.KEEP, f"data source {uid!r}")

    def apply() -> object:
        if there is None:
            return api.send("POST", "/api/datasources", wanted)
        return api.send("PUT", f"/api/datasources/uid/{uid}", wanted)

    files = "it comes from files of Grafana's provisioning"
    not_ours = files if there and there.get("readOnly") else "somebody set it up otherwise; --force overwrites that"
    return decided(f"data source {uid!r}", there, wanted, apply, not_ours=not_ours, force=force)
