"""The `spec` under `raw` of a metric source of type `fournines`: other SLOs, combined into one.

signal: slos
rule: weighted                    # or all, any: slices in which all members are good, or any of them is
of: [{slo: payments-availability, weight: 2}, {slo: accounts-availability}]
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, InstanceOf, WithJsonSchema, model_validator

from ..composite import Composite, Member, Rule
from ..errors import InvalidValue
from .shape import Number, Shape, Word, complaint, made, read_by


def _rule(text: str) -> Rule:
    if text not in {rule.value for rule in Rule}:
        raise InvalidValue(f"{text!r} is none of {', '.join(rule.value for rule in Rule)}")
    return Rule(text)


def positive(number: Number) -> Number:
    """A weight; `complaint` unless it is more than 0."""
    if number <= 0:
        raise complaint(f"a weight is more than 0, not {number}")
    return number


Weight = Annotated[Number, AfterValidator(positive), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]


class MemberEntry(Shape):
    """One of the SLOs that a composite is made of."""

    slo: Word = Field(description="the name of an SLO")
    weight: Weight | None = Field(default=None, description="its weight beside the others; 1 where nothing is said")


class CompositeSpec(Shape):
    """Other SLOs, combined."""

    signal: Literal["slos"]
    rule: Annotated[InstanceOf[Rule], read_by(_rule), WithJsonSchema({"enum": [rule.value for rule in Rule]})] = Field(
        description="all or any: slices in which all members are good, or any of them; weighted: the mean of their failures"
    )
    of: Annotated[list[MemberEntry], Field(min_length=1, max_length=100, description="the members")]

    @model_validator(mode="after")
    def _members_fit(self) -> CompositeSpec:
        if self.rule is not Rule.WEIGHTED and any(member.weight is not None for member in self.of):
            raise complaint(f"`weight` belongs to the rule weighted; {self.rule.value} of the members has none")
        made(lambda _: self.composite, None)
        return self

    @property
    def composite(self) -> Composite:
        """What they make. Raises `InvalidValue`."""
        members = (Member(each.slo, Fraction(1 if each.weight is None else each.weight)) for each in self.of)
        return Composite(self.rule, tuple(members))
