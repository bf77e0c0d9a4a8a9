"""An objective as a service declares it, read and judged: what travels as plain attributes of a gauge becomes an SLO, or is refused.

The attributes are ours (`names.DECLARED` and what follows it); whoever sends them is judged as if he had never seen our package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

from ...slo import (
    DASHBOARD,
    HTTP_SERVER_DURATION,
    OWNER,
    RUNBOOK,
    SLI,
    SLO,
    Attributes,
    Condition,
    InvalidValue,
    NoData,
    Objective,
    Origin,
    SLIKind,
    Window,
)
from ...slo.annotations import ANNOTATIONS
from ...slo.objective import MAX_DECIMALS
from ...slo.openslo.shape import NAME
from .. import names
from ..redaction import without_sensitive

LONGEST: Final = 1_000
"""Characters of a text, and of all routes of an objective ten times as many."""

MOST_ROUTES: Final = 100

_METHOD: Final = re.compile(r"[A-Z][A-Z-]{0,31}")
_UNSPEAKABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_NUMBER: Final = 60
_DURATION: Final = re.compile(r"[1-9][0-9]{0,5}[mhdw]")
_NOTES: Final = {OWNER: names.DECLARED_OWNER, RUNBOOK: names.DECLARED_RUNBOOK, DASHBOARD: names.DECLARED_DASHBOARD}


class DeclarationRefused(Exception):
    """It is no objective. `reason` is one word of few."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Declared:
    """An objective of some service. `routes` is empty where all requests count, `methods` where all of them do."""

    name: str
    kind: SLIKind
    target: str
    threshold: str
    window: str
    routes: tuple[str, ...]
    methods: tuple[str, ...]
    description: str
    notes: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, labels: Attributes) -> Declared:
        """What one point declares. Raises `DeclarationRefused`."""
        plain = {key: value for key, value in labels.items() if key in names.DECLARED_KEYS}
        for key, value in plain.items():
            if not isinstance(value, str) or len(value) > LONGEST or _UNSPEAKABLE.search(value):
                raise DeclarationRefused("bad_text", f"{key} is no text of at most {LONGEST} printable characters")
        route = plain.get(names.DECLARED_ROUTE)
        made = cls(
            name=_name(plain.get(names.DECLARED_NAME, "")),
            kind=_kind(plain.get(names.DECLARED_KIND, "")),
            target=str(plain.get(names.DECLARED_TARGET, "")),
            threshold=str(plain.get(names.DECLARED_THRESHOLD, "")),
            window=str(plain.get(names.DECLARED_WINDOW, "30d")),
            routes=() if route is None else (_route(route),),
            methods=_methods(plain.get(names.DECLARED_METHODS, "")),
            description=without_sensitive(str(plain.get(names.DECLARED_DESCRIPTION, ""))),
            notes=tuple((key, _note(key, plain[name])) for key, name in _NOTES.items() if plain.get(name)),
        )
        made.slo("any")
        return made

    @classmethod
    def of_text(cls, text: str) -> Declared:
        """What `text` wrote. Raises `DeclarationRefused`, also for what is no such text."""
        try:
            plain = json.loads(text)
            lists = {key: tuple(plain[key]) for key in ("routes", "methods")}
            notes = tuple(sorted(plain["notes"].items()))
            made = cls(**{**plain, **lists, "kind": SLIKind(plain["kind"]), "notes": notes})
            made.slo("any")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DeclarationRefused("bad_text", str(error)) from None
        return made

    @property
    def text(self) -> str:
        """All of it, written so that equal ones are equal."""
        plain = {field: getattr(self, field) for field in self.__slots__}
        return json.dumps(plain | {"kind": self.kind.value, "notes": dict(self.notes)}, sort_keys=True)

    def joined(self, others: Iterable[Declared]) -> Declared:
        """One for the routes of all. Raises `DeclarationRefused` where they differ in more, or are too many."""
        several = [self, *others]
        routes = tuple(sorted({route for one in several for route in one.routes}))
        if any(replace(one, routes=()) != replace(self, routes=()) or not one.routes for one in several[1:]):
            raise DeclarationRefused("contradictory", f"{self.name} is declared in two ways by one export")
        if len(routes) > MOST_ROUTES or sum(map(len, routes)) > 10 * LONGEST:
            raise DeclarationRefused("too_many", f"{self.name} is for more than {MOST_ROUTES} routes")
        return replace(self, routes=routes)

    def slo(self, service: str) -> SLO:
        """The promise of a service. Raises `DeclarationRefused`."""
        try:
            sli = SLI(
                self.kind,
                service,
                HTTP_SERVER_DURATION,
                threshold=_seconds(self.threshold),
                where=(*_conditions("http.route", self.routes), *_conditions("http.request.method", self.methods)),
            )
        except InvalidValue as error:
            raise DeclarationRefused("bad_threshold", str(error)) from None
        return SLO(
            self.name,
            sli,
            _objective(self.target),
            _window(self.window),
            no_data=NoData.BAD,
            origin=Origin.DECLARED,
            description=self.description,
            annotations=MappingProxyType(dict(self.notes)),
        )


def _name(text: object) -> str:
    if not isinstance(text, str) or not NAME.fullmatch(text):
        raise DeclarationRefused(
            "bad_name", f"{text!r:.80} is no name: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends"
        )
    return text


def _kind(text: object) -> SLIKind:
    try:
        return SLIKind(text)
    except ValueError:
        raise DeclarationRefused("bad_kind", f"{text!r:.80} is neither availability nor latency") from None


def _route(text: object) -> str:
    if not isinstance(text, str) or not text.startswith("/") or text != text.strip():
        raise DeclarationRefused("bad_route", f"{text!r:.80} is no route template")
    return text


def _methods(text: object) -> tuple[str, ...]:
    methods = tuple(sorted(set(str(text).split(",")))) if text else ()
    if len(methods) > MOST_ROUTES or not all(map(_METHOD.fullmatch, methods)):
        raise DeclarationRefused("bad_method", f"{text!r:.80} names no HTTP methods")
    return methods


def _note(key: str, text: object) -> str:
    try:
        return str(ANNOTATIONS[key](without_sensitive(str(text))))
    except InvalidValue as error:
        raise DeclarationRefused("bad_text", str(error)) from None


def _objective(text: str) -> Objective:
    try:
        return Objective.parse(_short(text, "bad_target"))
    except InvalidValue as error:
        raise DeclarationRefused("bad_target", str(error)) from None


def _window(text: str) -> Window:
    if not _DURATION.fullmatch(text):
        raise DeclarationRefused(
            "bad_window", f"{text!r:.80} is no window that a file can hold: a number and one of m h d w"
        )
    try:
        return Window.parse(text)
    except InvalidValue as error:
        raise DeclarationRefused("bad_window", str(error)) from None


def _short(text: str, reason: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise DeclarationRefused(reason, f"{text:.80} has more than {_LONGEST_NUMBER} digits")
    return text


def _seconds(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        seconds = Decimal(_short(text, "bad_threshold"))
    except InvalidOperation:
        raise DeclarationRefused("bad_threshold", f"{text!r:.80} is no number of seconds") from None
    if not seconds.is_finite() or abs(int(seconds.as_tuple().exponent)) > MAX_DECIMALS or not 0 < seconds < 10**6:
        raise DeclarationRefused("bad_threshold", f"{text!r:.80} is no number of seconds that a request may take")
    return seconds


def _conditions(key: str, values: tuple[str, ...]) -> list[Condition]:
    """That an attribute is one of the values, in a form that a file can hold."""
    if not values:
        return []
    if len(values) == 1:
        condition = Condition(key, "==", values[0])
    elif any("," in value for value in values):
        condition = Condition(key, "=~", "|".join(map(re.escape, values)))
    else:
        condition = Condition(key, "in", ", ".join(values))
    try:
        if Condition.parse(str(condition)) == condition:
            return [condition]
    except InvalidValue:
        pass
    raise DeclarationRefused("bad_route", f"{str(condition)!r:.80} can't be written as a condition")
