"""What other tools' files say of a promise, under the names and in the forms that it has here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from ..annotations import RUNBOOK, parse_link
from ..errors import InvalidValue
from ..objective import Objective
from ..openslo.query_spec import checked_query
from ..openslo.shape import NAME
from ..openslo.written import write_openslo
from ..queries import Queries
from ..short_name import short_name
from ..sli import PROMQL, SLI, SLIKind
from ..slo import SLO
from ..window import Window
from .keys import Keys

_LABEL: Final = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
_RUNBOOKS: Final = frozenset({"runbook", "runbook_url", "runbook-url", "runbookUrl"})
_LONGEST: Final = 1050


def promise_of(
    keys: Keys, name: str, service: str, target: Decimal, window: Window, queries: Queries, **more: Any
) -> SLO:
    """An SLO as it stands in files; what no file can hold is refused."""
    try:
        slo = SLO(
            slug(keys, name),
            SLI(SLIKind.AVAILABILITY, service, PROMQL, promql=_checked(queries)),
            Objective(target),
            window,
            **more,
        )
        write_openslo([slo])
    except InvalidValue as error:
        raise keys.refusal(str(error)) from None
    return slo


def slug(keys: Keys, name: str) -> str:
    """The name as addresses and labels can hold it."""
    made = short_name(re.sub("[^a-z0-9]+", "-", name.lower()).strip("-"))
    if not NAME.fullmatch(made):
        raise keys.refusal(f"nothing of {name!r} can be a name: write letters and digits", "name")
    if made != name:
        keys.remark(f"{name!r} is called {made!r} here")
    return made


def described(keys: Keys, text: str) -> str:
    """A description, as long as one may be."""
    if len(text) > _LONGEST:
        keys.remark(f"is cut to {_LONGEST} characters", "description")
    return text[:_LONGEST]


def labelled(keys: Keys, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels whose names can be such."""
    for name in labels:
        if not _LABEL.fullmatch(name):
            keys.remark(f"the label {name!r} is left out: its name is none here")
    return {name: value for name, value in labels.items() if _LABEL.fullmatch(name)}


def annotated(keys: Keys, annotations: Mapping[str, str]) -> dict[str, str]:
    """Annotations; what names a runbook says so as we do."""
    return {
        RUNBOOK if name in _RUNBOOKS and _is_address(value) else name: value
        for name, value in labelled(keys, annotations).items()
    }


def _is_address(text: str) -> bool:
    try:
        return bool(parse_link(text))
    except InvalidValue:
        return False


def _checked(queries: Queries) -> Queries:
    for text in (queries.good, queries.bad, queries.total, queries.raw):
        if text:
            checked_query(text)
    return queries
