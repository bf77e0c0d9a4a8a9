"""The service level indicator: which events count, and which of them are good."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Final

from .classify import CLASSIFYING_KEYS, Attribute, Attributes, Verdict, availability, counts_for_latency
from .composite import Composite
from .errors import InvalidValue
from .queries import Queries

HTTP_SERVER_DURATION: Final = "http.server.request.duration"
HTTP_CLIENT_DURATION: Final = "http.client.request.duration"
MESSAGE_DURATION: Final = "messaging.process.duration"
OPERATION_DURATION: Final = "fournines.operation.duration"
SPANS: Final = "spans"
XRAY: Final = "xray"
PROBE: Final = "probe"
SLOS: Final = "slos"
PROMQL: Final = "promql"
"""Signals: the name of an OTLP metric; `spans` (those of OTLP, and the X-Ray segments of services that send no others); `xray`
(segments alone); `probe` (checks from outside); `slos` (other SLOs); `promql` (what a Prometheus-compatible engine answers)."""

NANOSECONDS: Final = 1_000_000_000


class SLIKind(Enum):
    """What is promised: that requests succeed, or that those that succeed are quick."""

    AVAILABILITY = "availability"
    LATENCY = "latency"


class SpanKind(Enum):
    """Whose view counts: who answered a call, who made it, or who processed a message. Numbers are OTLP's `Span.SpanKind`."""

    SERVER = 2
    CLIENT = 3
    CONSUMER = 5


_ORDERED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CONDITION: Final = re.compile(r"\s*([\w.\-]+)\s*(==|!=|<=|>=|=~|<|>|\bnot in\b|\bin\b)\s*(.+?)\s*")


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one attribute: `http.route == /pay`, `http.response.status_code >= 500`, `tenant in a, b`, `http.route =~ /v2/.*`.

    An attribute that is not set fails every test but `!=` and `not in`; and `==` with the empty text, which no file can say and groups
    do. `=~` matches the whole value.
    """

    key: str
    op: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Reads the forms above; `InvalidValue` says what is allowed."""
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise InvalidValue(
                f"{text!r} is no condition; write 'http.route == /pay', with == != < <= > >= =~ in 'not in'"
            )
        condition = cls(*match.groups())
        condition._check()
        return condition

    def _check(self) -> None:
        if self.value[0] in "'\"" and self.value[-1] == self.value[0]:
            raise InvalidValue(f"leave out the quotes around {self.value}")
        if self.op in _ORDERED and _number(self.value) is None:
            raise InvalidValue(f"{self.op} compares numbers, and {self.value!r} is none")
        if self.op == "=~":
            try:
                re.compile(self.value)
            except re.error as error:
                raise InvalidValue(f"{self.value!r} is no regular expression: {error}") from None

    def holds(self, attributes: Attributes) -> bool:
        """Whether an event with these attributes passes."""
        found = attributes.get(self.key)
        if self.op in ("!=", "not in"):
            return found is None or text_of(found) not in self._choices()
        if found is None:
            return self.op == "==" and not self.value
        if self.op in ("==", "in"):
            return text_of(found) in self._choices()
        if self.op == "=~":
            return re.fullmatch(self.value, text_of(found)) is not None
        left, right = _number(found), _number(self.value)
        return left is not None and right is not None and _ORDERED[self.op](left, right)

    def _choices(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.value.split(",")) if "in" in self.op else (self.value,)

    def __str__(self) -> str:
        """As it is written in a file."""
        return f"{self.key} {self.op} {self.value}"


def text_of(value: Attribute) -> str:
    """An attribute as conditions compare it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: Attribute) -> Decimal | None:
    """None for what is no number, not-a-number among it: a comparison with it would raise."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return None if number.is_nan() else number


@dataclass(frozen=True, slots=True)
class SLI:
    """Which events of `service` count, seen through `signal`, and which of them are good.

    `where` narrows the events. `good` or `bad` replace the table of `classify` (at most one of them); without either the table
    decides. `threshold` is in seconds and belongs to latency alone: a duration equal to it is good. `composite` says which SLOs, and
    `promql` what is asked, where the signal is one of these.
    """

    kind: SLIKind
    service: str
    signal: str = HTTP_SERVER_DURATION
    span_kind: SpanKind = SpanKind.SERVER
    threshold: Decimal | None = None
    where: tuple[Condition, ...] = ()
    good: tuple[Condition, ...] = ()
    bad: tuple[Condition, ...] = ()
    composite: Composite | None = None
    promql: Queries | None = None

    def __post_init__(self) -> None:
        if (self.kind is SLIKind.LATENCY) != (self.threshold is not None):
            raise InvalidValue("a latency SLI has a threshold, and no other has one")
        if self.threshold is not None and not (self.threshold.is_finite() and self.threshold > 0):
            raise InvalidValue(f"a latency threshold is more than 0 seconds, not {self.threshold}")
        if self.good and self.bad:
            raise InvalidValue("say which events are good or which are bad, not both")
        if (self.signal == SLOS) != (self.composite is not None):
            raise InvalidValue(f"an SLI of the signal {SLOS} is a composite, and no other is one")
        if (self.signal == PROMQL) != (self.promql is not None):
            raise InvalidValue(f"an SLI of the signal {PROMQL} has queries, and no other has")

    @property
    def threshold_nanoseconds(self) -> int | None:
        """The threshold as spans' clocks count; a fraction of a nanosecond is cut, which changes no comparison with whole ones."""
        return None if self.threshold is None else int(Fraction(self.threshold) * NANOSECONDS)

    @property
    def keys(self) -> frozenset[str]:
        """Every attribute the verdict depends on: two events that agree on these get the same verdict."""
        return CLASSIFYING_KEYS | {condition.key for condition in (*self.where, *self.good, *self.bad)}

    def verdict(self, attributes: Attributes) -> Verdict:
        """What an event with these attributes is. For latency GOOD means: an event, and its duration decides."""
        if not all(condition.holds(attributes) for condition in self.where):
            return Verdict.IGNORED
        if self.good or self.bad:
            return self._by_conditions(attributes)
        if self.kind is SLIKind.LATENCY:
            return Verdict.GOOD if counts_for_latency(attributes) else Verdict.IGNORED
        return availability(attributes)

    def _by_conditions(self, attributes: Attributes) -> Verdict:
        is_good = (
            all(c.holds(attributes) for c in self.good) if self.good else not all(c.holds(attributes) for c in self.bad)
        )
        if self.kind is SLIKind.LATENCY and not is_good:
            return Verdict.IGNORED
        return Verdict.GOOD if is_good else Verdict.BAD
