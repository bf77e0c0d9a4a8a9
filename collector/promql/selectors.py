"""The series that a query reads, as selectors that can be put into other queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import promql_parser

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_OPERATORS: Final = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Selector(NamedTuple):
    """Series, and the modifiers behind them, such as ` offset 1m`."""

    series: str
    modifiers: str

    def over(self, seconds: int) -> str:
        """Their samples of so many seconds."""
        return f"{self.series}[{seconds}s]{self.modifiers}"

    def __str__(self) -> str:
        return self.series + self.modifiers


def selectors(text: str) -> list[Selector]:
    """The series that a query reads, each once."""
    found: dict[Selector, None] = {}

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found[_selector(node)] = None

    promql_parser.walk(promql_parser.parse(text), visit)
    return list(found)


def summed_selector(text: str) -> Selector | None:
    """What a text sums, where it is a selector or a sum of one."""
    parsed = promql_parser.parse(text)
    while isinstance(parsed, promql_parser.ParenExpr) or (
        isinstance(parsed, promql_parser.AggregateExpr) and str(parsed.op) == "sum"
    ):
        parsed = parsed.expr
    return _selector(parsed) if isinstance(parsed, promql_parser.VectorSelector) else None


def _selector(node: Any) -> Selector:
    """The parser's own text has lost what was escaped; of the modifiers, which stand behind the brace, it is right."""
    named = bool(node.name and _METRIC.fullmatch(node.name))
    own = [] if named or not node.name else [f"__name__={_quoted(node.name)}"]
    choices = [_joined(each) for each in (node.matchers.or_matchers or [node.matchers.matchers])]
    inside = " or ".join(",".join(filter(None, (*own, each))) for each in choices)
    return Selector(f"{node.name if named else ''}{{{inside}}}", str(node).rpartition("}")[2])


def _joined(matchers: Sequence[Any]) -> str:
    return ",".join(f"{_label(each.name)}{_OPERATORS[str(each.op)]}{_quoted(each.value)}" for each in matchers)


def _label(name: str) -> str:
    return name if _NAME.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
