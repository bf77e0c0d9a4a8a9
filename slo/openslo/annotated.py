"""What our annotations say of an SLO: each read by who knows it, the corrections as the YAML list that they are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from .. import annotations as known
from ..errors import InvalidValue
from .corrections import parse_corrections

READERS: Final[Mapping[str, Callable[[str], Any]]] = {**known.ANNOTATIONS, known.CORRECTIONS: parse_corrections}
"""Every annotation under `fournines/`, and who reads it; each raises `InvalidValue`."""

_FIELDS: Final = {
    known.BURN_RULES: "rules",
    known.MIN_BAD_EVENTS_KEY: "min_bad_events",
    known.NO_DATA: "no_data",
    known.WINDOWS: "more_windows",
    known.DEPENDS_ON: "depends_on",
    known.GROUP_BY: "group_by",
    known.MAX_GROUPS_KEY: "max_groups",
    known.CORRECTIONS: "corrections",
}


def fields_of(annotations: Mapping[str, str]) -> dict[str, Any]:
    """What they say of an SLO's fields. Wrong ones are left out: the references have noted them."""
    fields: dict[str, Any] = {}
    for key, field in _FIELDS.items():
        with contextlib.suppress(InvalidValue):
            fields |= {field: READERS[key](annotations[key])} if key in annotations else {}
    return fields
