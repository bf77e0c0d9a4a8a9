"""The shape of an objective: how much must be good, for a threshold which side of what, and in slices of which length."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, WithJsonSchema

from .. import figures
from ..errors import InvalidValue
from ..objective import Objective
from ..window import Window
from .composite_spec import Weight
from .shape import Number, ObjectName, Operator, Shape, checked_duration, complaint, made, read_number_by
from .sli_shapes import InlineIndicator
from .wording import describe


def _of_share(number: Decimal) -> Objective:
    if 1 < number < 100:
        raise InvalidValue(_is_a_share(_of_percent(number), str(number)))
    return Objective(number)


def _of_percent(number: Decimal) -> Objective:
    return Objective.parse(f"{number:f}%")


def _no_percentage(value: Any) -> Any:
    """A target that is written `99.99%` is told how it is written here."""
    if isinstance(value, str) and value.endswith("%"):
        with contextlib.suppress(InvalidValue):  # it is no number at all, which is said otherwise
            raise complaint(_is_a_share(Objective.parse(value), describe(value)))
    return value


def _is_a_share(meant: Objective, given: str) -> str:
    share = format(meant.target.normalize(), "f")
    return f"a target lies between 0 and 1, both excluded: {figures.objective(meant)} is {share}; not {given}"


def _slice(value: Any) -> Window:
    """The length of a slice: a duration, or a number of minutes."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value}m"
    if not isinstance(value, str):
        raise complaint(f"is a duration such as 1m, or a number of minutes; not {describe(value)}")
    found = made(Window.parse, checked_duration(value))
    assert isinstance(found, Window), "that is what parse gives"
    return found


def _share_of_slice(number: Decimal) -> Decimal:
    if not 0 < number <= 1:
        raise complaint(f"a slice's target lies between 0 and 1, such as 0.95; not {number}")
    return number


_TARGET: Final = WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})
_PERCENT: Final = WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100})
_SLICE_TARGET: Final = WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1})
_SLICE: Final = WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[1-9][0-9]*[mhdw]$"}]})

Target = Annotated[InstanceOf[Objective], read_number_by(_of_share), BeforeValidator(_no_percentage), _TARGET]
TargetPercent = Annotated[InstanceOf[Objective], read_number_by(_of_percent), _PERCENT]
SliceTarget = Annotated[Number, AfterValidator(_share_of_slice), _SLICE_TARGET]
SliceWindow = Annotated[InstanceOf[Window], BeforeValidator(_slice), _SLICE]


class ObjectiveEntry(Shape):
    """How much must be good, and for a threshold which side of what."""

    one_of: ClassVar = ("target", "target_percent")

    display_name: str = Field(default="", description="names its SLO where there are several objectives")
    op: Operator | None = Field(default=None, description="which side of `value` is good")
    value: Number | None = Field(default=None, description="the threshold: of a duration in seconds")
    target: Target | None = Field(default=None, description="the share that must be good: 0.9999")
    target_percent: TargetPercent | None = Field(default=None, description="the same in percent: 99.99")
    time_slice_target: SliceTarget | None = Field(default=None, description="the share of a slice that must be good")
    time_slice_window: SliceWindow | None = Field(default=None, description="how long a slice is: 1m")
    indicator: InlineIndicator | None = Field(default=None, description="of a composite: what this objective is of")
    indicator_ref: ObjectName | None = Field(default=None, description="of a composite: the SLI this objective is of")
    composite_weight: Weight | None = Field(default=None, description="of a composite: its weight beside the others")

    @property
    def objective(self) -> Objective:
        """The one that is given."""
        objective = self.target or self.target_percent
        assert objective is not None, "the validator has seen to it"
        return objective

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of its own beside the SLO's; v1 has none."""
        return {}
