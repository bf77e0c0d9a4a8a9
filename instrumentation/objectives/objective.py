"""What a service promises: a share of requests, answered, or answered in time. Wrong values are told where they are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from ..errors import BadObjective
from ..requests.quiet_paths import QUIET_PATHS
from .texts import read_latency, read_link, read_target, read_window

AVAILABILITY: Final = "availability"
LATENCY: Final = "latency"

MOST_ROUTES: Final = 100
LONGEST_NAME: Final = 63
LONGEST_ROUTE: Final = 500
LONGEST_TEXT: Final = 1_000

_NAME: Final = re.compile(rf"[a-z0-9]([-a-z0-9]{{0,{LONGEST_NAME - 2}}}[a-z0-9])?")
_METHOD: Final = re.compile(r"[A-Z][A-Z-]{0,31}")
_UNSPEAKABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, init=False)
class Objective:
    """One promise over the requests of some routes: so many of them are answered, or are answered within a time.

        Objective("99.95%", routes="/payments")                              # 99.95 % do not fail
        Objective("0.99", routes=["/payments", "/refunds"], latency="300ms")   # 99 % of those that don't take 300 ms at most

    `target` is exact: a text or a Decimal between 0 and 1, or a text in percent. `latency` is a text in `us`, `ms`, `s` or `m`, or
    seconds as a number; without it the promise is availability. `window` is rolling: `30d`, `4w`, `12h`. `routes` are templates as the
    application has them, `methods` HTTP's; without either all requests count. `name` is unique in a collector; unless given it is made
    of the service, the methods, the routes and the kind: `payments-refunds-latency`. `description`, `owner`, `runbook` and `dashboard`
    stand on the page, the last two as links.

    Raises `BadObjective` for what can't be promised; the text says what was found and what is allowed.
    """

    target: Decimal
    threshold: Decimal | None
    """Seconds; None for availability."""
    window: str
    routes: tuple[str, ...]
    methods: tuple[str, ...]
    name: str
    description: str
    owner: str
    runbook: str
    dashboard: str

    def __init__(
        self,
        target: str | Decimal,
        *,
        latency: str | float | Decimal | None = None,
        window: str = "30d",
        routes: str | Iterable[str] = (),
        methods: str | Iterable[str] = (),
        name: str = "",
        description: str = "",
        owner: str = "",
        runbook: str = "",
        dashboard: str = "",
    ) -> None:
        values = {
            "target": read_target(target),
            "threshold": None if latency is None else read_latency(latency),
            "window": read_window(window),
            "routes": _each(_route, routes, "routes"),
            "methods": _each(_method, methods, "methods"),
            "name": _name(name),
            "description": _text("description", description),
            "owner": _text("owner", owner),
            "runbook": read_link("runbook", _text("runbook", runbook)),
            "dashboard": read_link("dashboard", _text("dashboard", dashboard)),
        }
        for field, value in values.items():
            object.__setattr__(self, field, value)

    @property
    def kind(self) -> str:
        """`availability` or `latency`."""
        return AVAILABILITY if self.threshold is None else LATENCY

    def named(self, service: str, subject: str | None = None) -> Self:
        """Itself under a name: its own, or one made of the service, the subject (by default methods and routes) and the kind."""
        if self.name:
            return self
        about = " ".join((*self.methods, *self.routes)) if subject is None else subject
        if subject is None and self.routes == ("/",):
            about = " ".join((*self.methods, "root"))
        return self._with(name=name_of(service, about, self.kind))

    def at(self, routes: Iterable[str], methods: Iterable[str], suffix: str = "") -> Self:
        """Itself for these routes and methods, which are known to be sound."""
        name = name_of(self.name, suffix) if suffix else self.name
        return self._with(routes=tuple(routes), methods=tuple(methods), name=name)

    def _with(self, **values: object) -> Self:
        made = object.__new__(type(self))
        for field, value in {**self.__dict__, **values}.items():
            object.__setattr__(made, field, value)
        return made


def name_of(*parts: str) -> str:
    """A name made of texts: small letters, digits and dashes. One that were too long ends in digits of its own."""
    name = "-".join(slug for part in parts if (slug := re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")))
    if len(name) <= LONGEST_NAME:
        return name or "objective"
    # Not `hash`, which is another one in every process.
    number = 0
    for char in name:
        number = (number * 131 + ord(char)) % 0xFFFFFF
    return f"{name[: LONGEST_NAME - 7].rstrip('-')}-{number:06x}"


def _each(read: Callable[[object], str], values: str | Iterable[str], what: str) -> tuple[str, ...]:
    try:
        several = (values,) if isinstance(values, str) else tuple(values)
    except TypeError:
        raise BadObjective(f"{what}: write a text or several, not {values!r}") from None
    if len(several) > MOST_ROUTES:
        raise BadObjective(f"{what}: at most {MOST_ROUTES}, not {len(several)}")
    return tuple(dict.fromkeys(read(value) for value in several))


def _route(route: object) -> str:
    if not isinstance(route, str) or not route.startswith("/") or len(route) > LONGEST_ROUTE:
        raise BadObjective(
            f"routes: {_shown(route)} is no route template; write '/payments/{{payment}}', as the application has it"
        )
    if route != route.strip() or _UNSPEAKABLE.search(route):
        raise BadObjective(f"routes: {_shown(route)} has blanks around it, or control characters")
    if (route.rstrip("/") or "/") in QUIET_PATHS:
        raise BadObjective(f"routes: {route} is called by operators, not by customers: no SLO counts its requests")
    return route


def _method(method: object) -> str:
    if not isinstance(method, str) or not _METHOD.fullmatch(method.upper()):
        raise BadObjective(f"methods: {_shown(method)} is no HTTP method; write 'POST'")
    return method.upper()


def _name(name: object) -> str:
    if not isinstance(name, str) or (name and not _NAME.fullmatch(name)):
        raise BadObjective(
            f"name: {_shown(name)} is none; up to {LONGEST_NAME} of a-z, 0-9 and -, with a letter or digit at both ends"
        )
    return name


def _text(what: str, text: object) -> str:
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise BadObjective(f"{what}: write a text of at most {LONGEST_TEXT} characters, not {_shown(text)}")
    return text.strip()


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
