"""What the shapes of file contents are made of: nothing unknown is accepted, and no value is turned into another type.

A shape is at once what validates a file and what describes it to editors: what can't be seen in a type says beside it what its JSON
Schema is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    InstanceOf,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError

from ..errors import InvalidValue

T = TypeVar("T")

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OBJECT_NAME: Final = r"[a-zA-Z0-9]([-a-zA-Z0-9._|/\\]{0,253}[a-zA-Z0-9])?"
_LABEL_KEY: Final = r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
_DNS_LABEL: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_ANNOTATION_KEY: Final = rf"({_DNS_LABEL}(\.{_DNS_LABEL})*/)?{_LABEL_KEY}"
_DURATION: Final = r"[1-9][0-9]{0,5}[mhdwMQY]|0m"

NUMBER: Final = WithJsonSchema({"type": "number"})
TEXT: Final = WithJsonSchema({"type": "string"})


def complaint(message: str) -> PydanticCustomError:
    """What a validator raises: `message` becomes the fault's text as it is."""
    return PydanticCustomError("said", "{message}", {"message": message})


def read_by(parse: Callable[[str], object]) -> BeforeValidator:
    """Texts become what `parse` makes of them; its `InvalidValue` is the complaint."""

    def read(value: Any) -> object:
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        return made(parse, value)

    return BeforeValidator(read)


def read_number_by(make: Callable[[Decimal], object]) -> BeforeValidator:
    """Numbers become what `make` makes of them; its `InvalidValue` is the complaint."""

    def read(value: Any) -> object:
        number = _number(value)
        if not isinstance(number, Decimal):
            raise PydanticKnownError("is_instance_of", {"class": "Decimal"})
        return made(make, number)

    return BeforeValidator(read)


def made(make: Callable[[T], object], value: T) -> object:
    """What `make` makes of a value; its `InvalidValue` is the complaint."""
    try:
        return make(value)
    except InvalidValue as error:
        raise complaint(str(error)) from None


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _spelled(pattern: str, remark: str) -> tuple[AfterValidator, WithJsonSchema]:
    """Texts of one pattern; `remark` says of others what they are not."""
    return AfterValidator(_checker(pattern, remark)), WithJsonSchema({"type": "string", "pattern": f"^({pattern})$"})


def _checker(pattern: str, remark: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise complaint(f"{value!r} {remark}")
        return value

    return check


def _label(value: Any) -> Any:
    """A label is a text or a list of texts; a list is kept as one text, its parts after commas."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return value


_DURATION_REMARK: Final = "is no duration; write a number and one of m h d w M Q Y, such as 30d"
_LABEL_TEXT: Final = WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}})
_NAME_REMARK: Final = "is no name: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends"
_OBJECT_NAME_REMARK: Final = (
    "is no name: up to 255 letters, digits and - . _ | / \\, with a letter or digit at both ends"
)
_LABEL_REMARK: Final = "is no label: up to 63 letters, digits and - _ . with a letter or digit at both ends"
_ANNOTATION_REMARK: Final = "is no annotation; write name or prefix/name, such as example.com/name"

Number = Annotated[InstanceOf[Decimal], BeforeValidator(_number), NUMBER]
Name = Annotated[str, *_spelled(NAME.pattern, _NAME_REMARK)]
ObjectName = Annotated[str, *_spelled(_OBJECT_NAME, _OBJECT_NAME_REMARK)]
Duration = Annotated[str, *_spelled(_DURATION, _DURATION_REMARK)]
Word = Annotated[str, Field(min_length=1)]
Description = Annotated[str, Field(max_length=1050)]
Labels = dict[
    Annotated[str, *_spelled(_LABEL_KEY, _LABEL_REMARK)], Annotated[str, BeforeValidator(_label), _LABEL_TEXT]
]
QualifiedLabels = dict[
    Annotated[str, *_spelled(_ANNOTATION_KEY, _LABEL_REMARK)], Annotated[str, BeforeValidator(_label), _LABEL_TEXT]
]
Annotations = dict[Annotated[str, *_spelled(_ANNOTATION_KEY, _ANNOTATION_REMARK)], str]
Operator = Literal["lte", "gte", "lt", "gt"]

checked_duration: Final = _checker(_DURATION, _DURATION_REMARK)
"""A duration as OpenSLO writes it; `complaint` for anything else."""


class Shape(BaseModel):
    """What all shapes have in common: no unknown keys, no conversion, no change; and of fields in `one_of` exactly one."""

    # Built when it is first needed: most files hold few kinds of one version.
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True, defer_build=True)
    one_of: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def key(cls, field: str) -> str:
        """What a field is called in files."""
        return str(cls.model_fields[field].alias)

    @model_validator(mode="after")
    def _has_one(self) -> Shape:
        given = [field for field in self.one_of if getattr(self, field) is not None]
        if self.one_of and len(given) != 1:
            both = ", not both" if given else ""
            raise complaint(f"needs one of {' and '.join(f'`{self.key(field)}`' for field in self.one_of)}{both}")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core))
        if cls.one_of:
            schema["oneOf"] = [{"required": [cls.key(field)]} for field in cls.one_of]
        return schema


class Metadata(Shape):
    """Name and notes of any object."""

    name: ObjectName
    display_name: str = ""
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)


class Described(Shape):
    """A spec that holds no more than a description."""

    description: Description = ""
