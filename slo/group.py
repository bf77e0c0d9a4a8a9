"""Groups: an SLO with `group_by` is a template, and each combination of values that is heard is an SLO like it.

The name of a group is made of its values alone, so that every collector calls it the same. Where the words of a name do not say exactly
which values they are, a digest of these stands behind them: `checkout-pay` is the route `/pay`, `checkout-pay-8c1b2e` is `/pay/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from .classify import ROUTE_KEYS, Attributes
from .short_name import LONGEST_NAME, cut, digested, short_name
from .sli import Condition, text_of
from .slo import MAX_GROUPS, SLO

NONE: Final = "none"
"""What labels and names call the value of an attribute that is not set, or is empty."""

OTHER: Final = "other"
"""The group of whatever finds no room among the others."""

_NOT_IN_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_WORD: Final = re.compile(r"[a-z0-9]+")
_WORDS: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SEGMENTS: Final = re.compile(r"/[a-z0-9]+(/[a-z0-9]+)*")


def values_of(template: SLO, attributes: Attributes) -> tuple[str, ...]:
    """The values that say which group an event is of, in the order of `group_by`: as texts, empty where nothing is set."""
    return tuple([text_of(attributes.get(key, "")) for key in template.group_by])


def group_names(template: SLO, values: tuple[str, ...]) -> tuple[str, ...]:
    """What a group may be called, the better one first: up to 63 characters, the last of them unlike those of any other values."""
    plain = f"{template.name}-{_slug(values)}"
    exact = digested(plain, template.name, *values)
    return (plain, exact) if len(plain) <= LONGEST_NAME and _is_clear(template, values) else (exact,)


def others_name(template: SLO) -> str:
    """What the group is called that counts whatever finds no room."""
    return short_name(f"{template.name}-{OTHER}")


def names_begin(template: SLO) -> str:
    """What the names of all its groups begin with. Those of other SLOs may too."""
    kept = cut(template.name)
    return f"{kept}-" if kept == template.name.rstrip("-") else kept


def value_labels(keys: Sequence[str]) -> Mapping[str, str]:
    """By which label `slo_group_info` says the value of each of these attributes: `http.route` by `label_http_route`."""
    found: dict[str, str] = {}
    for key in keys:
        label = f"label_{_NOT_IN_LABEL.sub('_', key)}"
        while label in found.values():
            label += "_"
        found[key] = label
    return found


def group_of(template: SLO, name: str, values: tuple[str, ...]) -> SLO:
    """The SLO of one group: the template, narrowed to the events with these values, which are labels too."""
    pairs = list(zip(template.group_by, values, strict=True))
    where = (*template.sli.where, *(Condition(key, "==", value) for key, value in pairs))
    labels = {**template.labels, **{key: value or NONE for key, value in pairs}}
    said = ", ".join(value or NONE for value in values)
    return replace(
        others_of(template),
        name=name,
        sli=replace(template.sli, where=where),
        labels=MappingProxyType(labels),
        display_name=f"{template.display_name or template.name}: {said}",
    )


def others_of(template: SLO) -> SLO:
    """The SLO of whatever finds no room: no condition says what that is."""
    return replace(
        template,
        name=others_name(template),
        display_name=f"{template.display_name or template.name}: {OTHER}",
        group_by=(),
        max_groups=MAX_GROUPS,
        group_of=template.name,
    )


def sum_of_groups(template: SLO) -> SLO:
    """The template as an SLO that counts all events: its groups alert, so that nobody is told of one failure twice."""
    return replace(template, rules=())


def _slug(values: Iterable[str]) -> str:
    words = (re.sub(r"[^a-z0-9]+", "-", (value or NONE).lower()).strip("-") for value in values)
    return "-".join(filter(None, words))


def _is_clear(template: SLO, values: tuple[str, ...]) -> bool:
    """Whether a slug says exactly which values it is of: all are single words, but for the last one, and routes' slashes are the dashes."""
    *first, last = zip(template.group_by, values, strict=True)
    clear = all(_is_clear_value(*one, _WORD) for one in first) and _is_clear_value(*last, _WORDS)
    return clear and values != (OTHER,)


def _is_clear_value(key: str, value: str, words: re.Pattern[str]) -> bool:
    if not value:
        return True
    if key in ROUTE_KEYS:
        found = _SEGMENTS.fullmatch(value)
        return found is not None and (words is _WORDS or value.count("/") < 2)
    return value != NONE and words.fullmatch(value) is not None
