"""An objective as plain values: what travels to the collector as the attributes of a gauge, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .. import names
from .objective import Objective

Point = Mapping[str, str]

TEXTS: Final = {
    "window": names.SLO_WINDOW,
    "description": names.SLO_DESCRIPTION,
    "owner": names.SLO_OWNER,
    "runbook": names.SLO_RUNBOOK,
    "dashboard": names.SLO_DASHBOARD,
}


def points_of(objective: Objective) -> list[Point]:
    """One point a route, alike but for it; a single one where all requests count. What is empty is left out."""
    said = {
        names.SLO_NAME: objective.name,
        names.SLO_KIND: objective.kind,
        names.SLO_TARGET: format(objective.target, "f"),
        names.SLO_THRESHOLD: "" if objective.threshold is None else format(objective.threshold, "f"),
        names.SLO_METHODS: ",".join(objective.methods),
        **{key: getattr(objective, field) for field, key in TEXTS.items()},
    }
    plain = {key: value for key, value in said.items() if value}
    return [{**plain, names.SLO_ROUTE: route} for route in objective.routes] or [plain]
