"""Values as JSON, and read again, by the types of their fields: one way for both, and for the schema that says how.

Known are dataclasses, tuples of any length, what may be null, texts, whole numbers, truths, and the kinds of `number`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from ..summary import timestamp
from .number import MOMENT


class Misfit(Exception):
    """What was read is not what is meant to be there; the text says what, `place` where."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason)
        self.place = place


@dataclass(frozen=True, slots=True)
class Codec:
    """How values of a type are written as JSON, read from it (`Misfit`), and what JSON Schema says of them."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    schema: dict[str, Any]


@cache
def codec_of(kind: Any) -> Codec:
    """The one of a type. Raises TypeError for a type that no report has."""
    if get_origin(kind) is Annotated and MOMENT in kind.__metadata__:
        return _MOMENT
    if kind in _PLAIN:
        return _PLAIN[kind]
    if is_dataclass(kind):
        return _of_fields(kind)
    if get_origin(kind) is tuple and get_args(kind)[1:] == (...,):
        return _of_many(codec_of(get_args(kind)[0]))
    if get_origin(kind) in (Union, UnionType) and NoneType in get_args(kind):
        (other,) = set(get_args(kind)) - {NoneType}
        return _or_null(codec_of(other))
    raise TypeError(f"no report holds {kind}")


def _of_fields(kind: Any) -> Codec:
    hints = get_type_hints(kind, include_extras=True)
    codecs = {each.name: codec_of(hints[each.name]) for each in fields(kind)}

    def read(said: Any) -> Any:
        if not isinstance(said, dict):
            raise Misfit("no object")
        return kind(**{name: _part(codec, said[name], name) for name, codec in codecs.items() if _has(said, name)})

    return Codec(
        write=lambda value: {name: codec.write(getattr(value, name)) for name, codec in codecs.items()},
        read=read,
        schema={
            "title": kind.__name__,
            "type": "object",
            "properties": {name: codec.schema for name, codec in codecs.items()},
            "required": list(codecs),
        },
    )


def _has(said: dict[str, Any], name: str) -> bool:
    if name not in said:
        raise Misfit("is missing", name)
    return True


def _of_many(one: Codec) -> Codec:
    def read(said: Any) -> Any:
        if not isinstance(said, list):
            raise Misfit("no list")
        return tuple(_part(one, each, str(number)) for number, each in enumerate(said))

    return Codec(lambda values: [one.write(each) for each in values], read, {"type": "array", "items": one.schema})


def _or_null(one: Codec) -> Codec:
    return Codec(
        lambda value: None if value is None else one.write(value),
        lambda said: None if said is None else one.read(said),
        {"anyOf": [one.schema, {"type": "null"}]},
    )


def _part(codec: Codec, said: Any, place: str) -> Any:
    try:
        return codec.read(said)
    except Misfit as error:
        raise Misfit(str(error), f"{place}.{error.place}" if error.place else place) from None


def _exactly(kind: type, noun: str) -> Callable[[Any], Any]:
    def read(said: Any) -> Any:
        if type(said) is not kind:
            raise Misfit(f"no {noun}")
        return said

    return read


def _number(said: Any) -> Fraction:
    """The shortest decimal of a double: 0.1 is a tenth again."""
    if type(said) not in (int, float):
        raise Misfit("no number")
    try:
        return Fraction(str(said))
    except ValueError:
        raise Misfit("no number") from None


def _amount(said: Any) -> Decimal:
    try:
        amount = Decimal(said) if isinstance(said, str) else Decimal("nan")
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite():
        raise Misfit("no amount")
    return amount


def _moment(said: Any) -> int:
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Misfit("no moment")
    return int(moment.timestamp())


def _same(value: Any) -> Any:
    return value


_PLAIN: Final[dict[Any, Codec]] = {
    str: Codec(_same, _exactly(str, "text"), {"type": "string"}),
    bool: Codec(_same, _exactly(bool, "truth"), {"type": "boolean"}),
    int: Codec(_same, _exactly(int, "whole number"), {"type": "integer"}),
    Fraction: Codec(float, _number, {"type": "number"}),
    Decimal: Codec(str, _amount, {"type": "string"}),
}
_MOMENT: Final = Codec(timestamp, _moment, {"type": "string", "format": "date-time"})
