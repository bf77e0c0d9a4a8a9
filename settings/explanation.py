"""Pydantic's faults in the words of whoever wrote the file. No fault repeats what may be a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import ValidationError

from ..slo.openslo.document import Steps
from ..slo.openslo.wording import unknown_key
from .errors import Misplaced
from .section import Section
from .settings import Settings

_SECRET: Final = frozenset({"tokens", "headers", "endpoint", "url", "targets"})
"""Keys whose values no fault repeats: tokens stand in them."""

_SHOWN: Final = frozenset({"type", "name", "severities", "fallback", "security", "port"})
"""Keys of a receiver that hold no secret."""

_UNIONS: Final = {"forward": "destination", "notify": "receiver"}
"""Lists whose entries are told apart by their type, and what an entry is."""

_EXAMPLES: Final[Mapping[object, str]] = {
    "notify": "[{type: webhook, url: ...}]",
    "forward": "[{type: otlp, endpoint: ...}]",
    "scrape": '[{job: billing, targets: ["127.0.0.1:9000"]}]',
    "probes": "[{service: payments, url: ...}]",
    "targets": '["127.0.0.1:9000"]',
    "files": '["targets/*.json"]',
    "tokens": '["${OTLP_TOKEN}"]',
    "maintenance": '[{service: payments, start: "2026-01-31 02:00:00", duration: 2h, reason: new database}]',
    "quiet_hours": '[{from: "20:00", to: "08:00", zone: Europe/Berlin}]',
    "days": "[sat, sun]",
    "rules": "[{name: all, rate: 1, reservoir: 1}]",
    "signals": "[traces, metrics, logs]",
}
"""How a list is written, by its key."""


def explained(error: ValidationError) -> Iterator[tuple[Steps, str]]:
    """Every fault of the values: where the value stands, and what to write instead."""
    for found in error.errors():
        yield _steps(found), _explain(found)


def _steps(error: Mapping[str, Any]) -> Steps:
    """Where a fault stands in the file: pydantic also names which kind of destination an entry was taken for."""
    loc = tuple(error["loc"])
    if error["type"] == "union_tag_invalid":
        return (*loc, "type")
    tagged = loc[:1] and loc[0] in _UNIONS and len(loc) > 2
    cause = error.get("ctx", {}).get("error")
    below = cause.steps if isinstance(cause, Misplaced) else ()
    return (*(step for place, step in enumerate(loc) if step != "[key]" and not (tagged and place == 2)), *below)


def _explain(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return unknown_key(str(error["loc"][-1]), _keys_of(_section_at(error["loc"][:-1])))
        case "missing":
            return "is missing"
        case "tuple_type":
            return f"needs to be a list, such as {_EXAMPLES.get(error['loc'][-1], '[...]')}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "needs to be a mapping of keys to values"
        case "union_tag_not_found":
            return f"needs a type: {_types(error['loc'][0], 'or')}"
        case "union_tag_invalid":
            name = error["loc"][0]
            return f"{error['ctx']['tag']!r} is no type of {_UNIONS[name]}; there are {_types(name, 'and')}"
        case "url_parsing" | "url_scheme" | "url_syntax_violation":
            return "is no http:// or https:// address"
        case "value_error":
            return str(error["ctx"]["error"])
        case "too_short" if "tokens" in error["loc"]:
            return f"needs at least {error['ctx']['min_length']} characters"
    return f"{error['msg']}{_found(error)}"


def _types(name: str, last: str) -> str:
    """The types of entries that a list takes, in words."""
    sections = _sections_in(Settings.model_fields[name].annotation)
    *others, final = (get_args(section.model_fields["type"].annotation)[0] for section in sections)
    return f"{', '.join(others)} {last} {final}"


def _section_at(loc: Steps) -> type[Section]:
    """The section that a fault's place leads to."""
    sections: list[type[Section]] = [Settings]
    for step in (step for step in loc if isinstance(step, str)):
        if len(sections) > 1:  # which of them it is, is said by the type
            sections = [one for one in sections if step in get_args(one.model_fields["type"].annotation)]
        else:
            sections = list(_sections_in(sections[0].model_fields[step].annotation))
    return sections[0]


def _keys_of(section: type[Section]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _sections_in(part)


def _found(error: Mapping[str, Any]) -> str:
    """What stands there instead, where it can be shown and is not said anyway."""
    loc, value = error["loc"], error["input"]
    secret = (loc[:1] == ("notify",) and not _SHOWN & set(loc)) or _SECRET & set(loc)
    said = error["type"] == "said"
    return "" if said or secret or isinstance(value, dict | list) else f", not {value!r}"
