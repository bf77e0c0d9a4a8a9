"""Data against a shape: each departure becomes a fault that names its line, says what is wrong, and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from .document import Steps, Value
from .margin import Margin
from .wording import describe, unknown_key

Model = TypeVar("Model", bound=BaseModel)

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


def validate(shape: type[Model], data: Value, at: Steps, margin: Margin) -> Model | None:
    """`data`, which stands at `at`, in that shape; None after noting every fault it has in the margin."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            steps = tuple(step for step in detail["loc"] if step != "[key]")
            margin.note((*at, *steps), _message(shape, dict(detail), steps))
        return None


def _message(shape: type[BaseModel], error: dict[str, Any], steps: Steps) -> str:
    if error["type"] == "extra_forbidden":
        return unknown_key(str(steps[-1]), _keys_at(shape, steps[:-1]))
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


def _keys_at(shape: type[BaseModel], steps: Steps) -> list[str]:
    """The keys of the shape that stands at `steps` within `shape`."""
    for step in steps:
        if isinstance(step, str):
            field = next(field for field in shape.model_fields.values() if field.alias == step)
            shape = next(_shapes_in(field.annotation))
    return [str(field.alias) for field in shape.model_fields.values()]


def _shapes_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes_in(part)
