"""SQL without its literals: what a service writes into a statement itself is as secret as what it binds.

https://opentelemetry.io/docs/specs/semconv/database/database-spans/#sanitization-of-dbquerytext: strings and numbers become
`?`, whatever else is said stays. The export thread does it, in time that grows as the text does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import names

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

TEXTS: Final = ("db.query.text", "db.statement")
SYSTEMS: Final = ("db.system.name", "db.system")
BACKSLASHED: Final = frozenset({"mysql", "mariadb", "clickhouse", "spanner", "bigquery", "databricks"})
"""Systems where a backslash escapes a quote, and double quotes are quotes like others."""
OTHER: Final = frozenset(
    {"redis", "mongodb", "memcached", "elasticsearch", "opensearch", "cassandra", "aws.dynamodb", "dynamodb"}
)
"""Systems that speak no SQL; their instrumentations take values out themselves, or say none."""

_NUMBER = r"(?<![\w.$:@?])(?:0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?![\w$])"
_COMMENT = r"(?P<kept>/\*.*?(?:\*/|$)|--[^\n]*"
_STANDARD: Final = re.compile(
    _COMMENT + r'|"(?:[^"]|"")*(?:"|$)|`[^`]*(?:`|$))'
    r"|[eE]'(?:[^'\\]|''|\\.)*(?:'|$)"
    r"|(?:\b(?:[bBxXnN]|[uU]&))?'(?:[^']|'')*(?:'|$)"
    r"|\$(?P<tag>[A-Za-z_]\w*)\$.*?(?:\$(?P=tag)\$|\Z)|\$\$.*?(?:\$\$|\Z)"
    rf"|{_NUMBER}",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(
    _COMMENT + r"|\#[^\n]*|`[^`]*(?:`|$))"
    r"|(?:\b[bBxXnN])?'(?:[^'\\]|''|\\.)*(?:'|$)"
    r'|"(?:[^"\\]|""|\\.)*(?:"|$)'
    rf"|{_NUMBER}",
    re.DOTALL,
)


def without_literals(text: str, system: str = "") -> str:
    """The statement with `?` for each string and number; names, placeholders and comments stay."""
    pattern = _ESCAPED if system in BACKSLASHED else _STANDARD
    return pattern.sub(_replaced, text)


def plain_statement(span: ReadableSpan) -> Mapping[str, Any] | None:
    """A call's attributes with a plain statement; None where they may stay as they are."""
    attributes, scope = span.attributes or {}, span.instrumentation_scope
    # Of ours, too: what aws-xray-sdk calls sanitized leaves under our name.
    if scope is None or not scope.name.startswith((names.CONTRIB, names.SCOPE)):
        return None
    system = next((str(attributes[name]).lower() for name in SYSTEMS if name in attributes), "")
    if system in OTHER:
        return None
    said = {name: text for name in TEXTS if isinstance(text := attributes.get(name), str)}
    plain = {name: without_literals(text, system) for name, text in said.items()}
    return None if plain == said else {**attributes, **plain}


def _replaced(found: re.Match[str]) -> str:
    return found["kept"] or "?"
