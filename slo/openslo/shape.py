"""What the shapes of file contents are made of: nothing unknown is accepted, and no value is turned into another type."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticKnownError

from ..errors import InvalidValue

T = TypeVar("T")

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_KEY: Final = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
_DNS_LABEL: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_ANNOTATION_KEY: Final = re.compile(rf"({_DNS_LABEL}(\.{_DNS_LABEL})*/)?{_LABEL_KEY.pattern}")
_DURATION: Final = re.compile(r"[1-9][0-9]{0,5}[mhdwMQY]|0m")


def complaint(message: str) -> PydanticCustomError:
    """What a validator raises: `message` becomes the fault's text as it is."""
    return PydanticCustomError("said", "{message}", {"message": message})


def read_by(parse: Callable[[str], object]) -> BeforeValidator:
    """Texts become what `parse` makes of them; its `InvalidValue` is the complaint."""

    def read(value: Any) -> object:
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        return _made(parse, value)

    return BeforeValidator(read)


def read_number_by(make: Callable[[Decimal], object]) -> BeforeValidator:
    """Numbers become what `make` makes of them; its `InvalidValue` is the complaint."""

    def read(value: Any) -> object:
        number = _number(value)
        if not isinstance(number, Decimal):
            raise PydanticKnownError("is_instance_of", {"class": "Decimal"})
        return _made(make, number)

    return BeforeValidator(read)


def _made(make: Callable[[T], object], value: T) -> object:
    try:
        return make(value)
    except InvalidValue as error:
        raise complaint(str(error)) from None


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise complaint(f"{value!r} is no name: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends")
    return value


def checked_duration(value: str) -> str:
    """A duration as OpenSLO writes it; `complaint` for anything else."""
    if not _DURATION.fullmatch(value):
        raise complaint(f"{value!r} is no duration; write a number and one of m h d w, such as 30d")
    return value


def _label(value: Any) -> Any:
    """A label is a text or a list of texts; a list is kept as one text, its parts after commas."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return value


def _label_key(value: str) -> str:
    if not _LABEL_KEY.fullmatch(value):
        raise complaint(
            f"{value!r} is no label: up to 63 letters, digits and - _ . with a letter or digit at both ends"
        )
    return value


def _annotation_key(value: str) -> str:
    if not _ANNOTATION_KEY.fullmatch(value):
        raise complaint(f"{value!r} is no annotation; write name or prefix/name, such as example.com/name")
    return value


Number = Annotated[InstanceOf[Decimal], BeforeValidator(_number)]
Name = Annotated[str, AfterValidator(_name)]
Duration = Annotated[str, AfterValidator(checked_duration)]
Description = Annotated[str, Field(max_length=1050)]
Labels = dict[Annotated[str, AfterValidator(_label_key)], Annotated[str, BeforeValidator(_label)]]
Annotations = dict[Annotated[str, AfterValidator(_annotation_key)], str]
Operator = Literal["lte", "gte", "lt", "gt"]


class Shape(BaseModel):
    """What all shapes have in common: no unknown keys, no conversion, no change."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)


class Metadata(Shape):
    """Name and notes of any object."""

    name: Name
    display_name: str = ""
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)


class Described(Shape):
    """A spec that holds no more than a description."""

    description: Description = ""
