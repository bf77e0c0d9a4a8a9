"""What another tool's file says and an SLO has no place for: kept in an annotation, so that its rules can be written as that tool does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ..slo import SLO

SLOTH_ORIGIN: Final = "sloth.dev/origin"
PYRRA_ORIGIN: Final = "pyrra.dev/origin"


def written_origin(key: str, said: Mapping[str, Any]) -> dict[str, str]:
    """The annotation `key` that keeps what is not empty of `said`; none where all is."""
    kept = {name: value for name, value in said.items() if value not in ("", None, False, {}, [])}
    return {key: json.dumps(kept, sort_keys=True, ensure_ascii=False, default=str)} if kept else {}


def origin_of(slo: SLO, key: str) -> Mapping[str, Any]:
    """What was kept under `key`; nothing where there is none, or somebody made something else of it."""
    try:
        found = json.loads(slo.annotations.get(key, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
