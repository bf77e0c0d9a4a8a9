"""Composites: SLOs that are made of other SLOs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import reduce

import numpy as np

from .arithmetic import IntArray
from .errors import InvalidValue
from .events import EventCount
from .unit import PARTS


class Rule(Enum):
    """When a composite is good: in slices in which all of its members are, or any; or by the mean of their shares of failures."""

    ALL = "all"
    ANY = "any"
    WEIGHTED = "weighted"


@dataclass(frozen=True, slots=True)
class Member:
    """An SLO by name, and its `weight` among the others.

    With `allowed`, the share of failures that its own objective allows, its failures weigh by how much of that they use.
    """

    name: str
    weight: Fraction = Fraction(1)
    allowed: Fraction | None = None

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise InvalidValue(f"a weight is more than 0, not {self.weight}")
        if self.allowed is not None and not 0 < self.allowed < 1:
            raise InvalidValue(f"the share of failures allowed lies between 0 and 1, not {self.allowed}")


@dataclass(frozen=True, slots=True)
class Composite:
    """Members, and how they make one. A member may be a composite itself. Raises `InvalidValue` without members, or for one twice."""

    rule: Rule
    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        if not self.members or len({member.name for member in self.members}) < len(self.members):
            raise InvalidValue("a composite has members, each of them once")
        if len({member.allowed is None for member in self.members}) > 1:
            raise InvalidValue("either every member says what its objective allows, or none does")

    @property
    def strictest(self) -> Fraction | None:
        """The least share of failures that a member's own objective allows: the composite's, where they weigh by theirs."""
        return min((member.allowed for member in self.members if member.allowed is not None), default=None)


def weigh(composite: Composite, counts: Sequence[EventCount]) -> EventCount:
    """The members' counts, in their order, as one share of failures in `PARTS`, rounded up: the mean by weight of those with traffic.

    Where members say what their objectives allow, each share of failures is taken relative to that, and the mean times `strictest`.
    """
    # One growing fraction, never reduced: this is done for every composite in every window.
    over, under, weights = 0, 1, Fraction(0)
    strictest = composite.strictest
    for member, count in zip(composite.members, counts, strict=True):
        if count.total:
            relative = strictest / member.allowed if strictest and member.allowed else 1
            weight = member.weight * relative
            part, whole = weight.numerator * count.bad, weight.denominator * count.total
            over, under = over * whole + part * under, under * whole
            weights += member.weight
    if not weights:
        return EventCount(0, 0)
    bad = -(-over * weights.denominator * PARTS // (under * weights.numerator))
    return EventCount(PARTS - bad, PARTS)


def combine_bad_slices(rule: Rule, members: Sequence[IntArray]) -> IntArray:
    """The starts of the slices in which a composite is bad, of those in which each member is: each sorted, each start once.

    With `ALL` a slice is bad when any member is bad in it, with `ANY` when all are.
    """
    return reduce(np.union1d if rule is Rule.ALL else np.intersect1d, members)
