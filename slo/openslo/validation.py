"""Data against a shape: each departure becomes a fault that names its line, says what is wrong, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, RootModel, ValidationError

from .document import Value
from .margin import Margin
from .wording import describe, unknown_key

Model = TypeVar("Model", bound=BaseModel)
SourceTypes = Mapping[str, str]
"""The types of DataSources by name: what stands in a source's `spec` is decided by its type."""

_ALTERNATIVE: Final = re.compile(r"<(\d+)>")
_KEY: Final = "[key]"
"""Steps to an alternative of several, and to a key itself, which stand in no file."""

_MESSAGES: Final = {
    "missing": "is missing",
    "string_type": "needs a text, not {found}{quote}",
    "bool_type": "needs true or false, not {found}",
    "list_type": "needs a list, not {found}",
    "dict_type": "needs keys below it, not {found}",
    "model_type": "needs keys below it, not {found}",
    "is_instance_of": "needs a number, not {found}",
    "literal_error": "is {expected}, not {found}",
    "too_short": "needs at least {min_length} item, and has {actual_length}",
    "too_long": "takes at most {max_length} item, and has {actual_length}",
    "string_too_short": "is empty",
    "string_too_long": "takes at most {max_length} characters",
    "said": "{message}",
}
"""What pydantic's kinds of error mean to somebody who writes YAML."""


def validate(
    shape: type[Model], data: Value, margin: Margin, types: SourceTypes = MappingProxyType({})
) -> Model | None:
    """`data`, which is the document's, in that shape; None after noting every fault it has in the margin.

    `types` are those of the DataSources that it may refer to, by name.
    """
    try:
        return shape.model_validate(data, context=types)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            steps = tuple(step for step in detail["loc"] if step != _KEY and not _ALTERNATIVE.fullmatch(str(step)))
            margin.note(steps, _message(shape, dict(detail)))
        return None


def _message(shape: type[BaseModel], error: dict[str, Any]) -> str:
    *steps, last = error["loc"] or ("",)
    if error["type"] == "extra_forbidden":
        return unknown_key(str(last), keys_at(shape, steps))
    template = _MESSAGES.get(error["type"])
    if template is None:
        return str(error["msg"])
    found = error["input"]
    is_scalar = isinstance(found, bool | int | Decimal)
    facts = {
        **error.get("ctx", {}),
        "found": describe(found),
        "quote": f'; quote it: "{_as_written(found)}"' if is_scalar else "",
    }
    return template.format_map(facts)


def _as_written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def keys_at(shape: type[BaseModel], steps: Sequence[str | int]) -> list[str]:
    """The keys of the shape that stands at `steps` within `shape`, in the order of the specification; none where any may stand."""
    shapes = list(_shapes_in(shape))
    for step in steps:
        alternative = _ALTERNATIVE.fullmatch(str(step))
        if alternative:
            shapes = shapes[int(alternative[1]) :]
        elif isinstance(step, str):
            fields = {field.alias: field for field in shapes[0].model_fields.values()} if shapes else {}
            shapes = list(_shapes_in(fields[step].annotation)) if step in fields else []
    return [str(field.alias) for field in shapes[0].model_fields.values()] if shapes else []


def _shapes_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        annotation = annotation.model_fields["root"].annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes_in(part)
