"""One thing that is pushed: what would be done to it and why, how it differs, and how it is done."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple


class Action(StrEnum):
    """What is done."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    REFUSE = "refuse"


class PushChange(NamedTuple):
    """What is done to `what`; `reason` says why where it is refused. `diff` is from what is there to what is wanted."""

    action: Action
    what: str
    reason: str = ""
    diff: str = ""
    apply: Callable[[], object] = lambda: None


def decided(
    what: str, there: Any | None, wanted: Any, apply: Callable[[], object], *, not_ours: str, force: bool
) -> PushChange:
    """Nothing for what is there already, and a refusal for what is `not_ours`, with its reason, unless by `force`.

    `there` is compared in what `wanted` says: Grafana adds defaults and figures of its own.
    """
    if there is None:
        return PushChange(Action.CREATE, what, diff=difference({}, wanted), apply=apply)
    same = said_by(wanted, there)
    if same == wanted:
        return PushChange(Action.KEEP, what)
    if not_ours and not force:
        return PushChange(Action.REFUSE, what, not_ours, difference(same, wanted))
    return PushChange(Action.UPDATE, what, diff=difference(same, wanted), apply=apply)


def said_by(ours: Any, theirs: Any) -> Any:
    """Of what is there only what we say of it."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {key: said_by(value, theirs[key]) for key, value in ours.items() if key in theirs}
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [said_by(*pair) for pair in zip(ours, theirs, strict=True)]
    return theirs


def difference(there: Any, wanted: Any) -> str:
    """A unified diff of the two, as JSON with sorted keys."""
    return "\n".join(difflib.unified_diff(_lines(there), _lines(wanted), "Grafana", "wanted", lineterm="", n=2))


def _lines(said: Any) -> list[str]:
    return json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
