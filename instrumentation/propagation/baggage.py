"""The `baggage` header: what a service wants every service after it to know. https://www.w3.org/TR/baggage/

OpenTelemetry's propagator reads `+` as a blank, writes properties into the value, and drops members of more than 4,096
bytes and all headers but the first; so this is one of our own. The values are where its API has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, unquote

from opentelemetry import baggage
from opentelemetry.context import Context, create_key, set_value
from opentelemetry.trace import SpanContext

from .. import names
from .incoming import HeaderFormat, Incoming, Refused

LONGEST: Final = 8192
MEMBERS: Final = 180
"""The limits within which all is passed on: both at least what the specification asks for (8,192 bytes, 64 members)."""

PROPERTIES: Final = create_key("fournines.baggage.properties")
"""Context key: by name, the value a member came with and its properties, each with a semicolon before it."""
BAGGAGE: Final = next(iter(baggage.set_baggage("", "", Context())))
"""The context key of OpenTelemetry's own values."""

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - a token of HTTP
_OCTETS = r"[!#-+\--:<-\[\]-~]*"  # without blanks, quotation mark, comma, semicolon and backslash
_token, _octets = re.compile(_TOKEN), re.compile(_OCTETS)
_member = re.compile(rf"[ \t]*({_TOKEN})[ \t]*=[ \t]*({_OCTETS})[ \t]*")
_property = re.compile(rf"[ \t]*({_TOKEN})[ \t]*(?:=[ \t]*({_OCTETS})[ \t]*)?")
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if _octets.fullmatch(chr(code)) and chr(code) != "%")

Redact = Callable[[str, str], str]
"""The value to send for a name and its value."""


class Baggage(HeaderFormat):
    """Reads and writes `baggage`."""

    fields = (names.BAGGAGE,)

    def __init__(self, refused: Refused, redact: Redact | None = None) -> None:
        self._refused, self._redact = refused, redact

    def read(self, headers: Mapping[str, str], incoming: Incoming) -> None:
        """Adds the members to the context's own; what breaks the grammar, or is too much, is left out."""
        header = headers.get(names.BAGGAGE)
        if header is None:
            return
        members, whole = parse_baggage(header)
        if not whole:
            self._refused(names.BAGGAGE)
        if not members:
            return
        values = {name: value for name, (value, _) in members.items()}
        context = set_value(BAGGAGE, {**baggage.get_all(incoming.context), **values}, incoming.context)
        described = {name: member for name, member in members.items() if member[1]}
        incoming.context = set_value(PROPERTIES, described, context) if described else context

    def write(self, span: SpanContext, context: Context) -> list[tuple[str, str]]:
        """All members that fit; a member whose value is still as it came keeps its properties."""
        values = context.get(BAGGAGE)
        if not isinstance(values, dict) or not values:
            return []
        described = context.get(PROPERTIES)
        known = described if isinstance(described, dict) else {}
        written: list[str] = []
        room = LONGEST + 1
        for name, value in values.items():
            member = self._member(name, value, known.get(name))
            if member and len(member) < room and len(written) < MEMBERS:
                written.append(member)
                room -= len(member) + 1
        if len(written) < len(values):
            self._refused(names.BAGGAGE)
        return [(names.BAGGAGE, ",".join(written))] if written else []

    def _member(self, name: str, value: object, described: tuple[str, str] | None) -> str:
        text = str(value)
        properties = described[1] if described is not None and described[0] == value else ""
        if self._redact is not None:
            text = self._redact(name, text)
            properties = properties if self._redact(name, properties) == properties else ""
        return f"{_key(name)}={quote(text, safe=_PLAIN, errors='replace')}{properties}" if name else ""


def parse_baggage(header: str) -> tuple[dict[str, tuple[str, str]], bool]:
    """(value and properties by name, whether that is all of the header). Of a name that stands there twice the last counts."""
    members: dict[str, tuple[str, str]] = {}
    whole = len(header) <= LONGEST
    # Whole members only: what the limit cuts in two is left out.
    text = header if whole else header[: LONGEST + 1].rpartition(",")[0]
    parts = [part for part in text.split(",") if part and not part.isspace()]
    for part in parts[:MEMBERS]:
        member, described, properties = part.partition(";")
        found = _member.fullmatch(member)
        extra = _properties(properties) if described else ""
        if found is None or extra is None:
            whole = False
            continue
        name, value = found.groups()
        members[name] = unquote(value) if "%" in value else value, extra
    return members, whole and len(parts) <= MEMBERS


def _properties(text: str) -> str | None:
    found = [_property.fullmatch(each) for each in text.split(";")]
    written = [each[1] if each[2] is None else f"{each[1]}={each[2]}" for each in found if each is not None]
    return "".join(f";{each}" for each in written) if len(written) == len(found) else None


def _key(name: str) -> str:
    # A key is a token as it stands, percent signs included; the API allows names that are none.
    return name if _token.fullmatch(name) else quote(name, safe="", errors="replace")
