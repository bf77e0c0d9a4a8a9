"""Small faults, planted one at a time: everywhere in a module where a number, a comparison or a decision could be another.

Texts, annotations, decorators and what a raised error says are left alone: no law is about them. So is the `strict` of zip, which
checks what the code has made so.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

_OPERATORS: Final[dict[type[ast.operator], tuple[type[ast.operator], ...]]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.Mult, ast.FloorDiv),
    ast.Pow: (ast.Mult,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd, ast.BitXor),
    ast.BitXor: (ast.BitOr,),
}
_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE, ast.NotEq),
    ast.LtE: (ast.Lt, ast.Gt, ast.Eq),
    ast.Gt: (ast.GtE, ast.LtE, ast.NotEq),
    ast.GtE: (ast.Gt, ast.Lt, ast.Eq),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPPOSITES: Final = {
    name: other
    for pair in (("min", "max"), ("minimum", "maximum"), ("any", "all"), ("floor", "ceil"))
    for name, other in (pair, pair[::-1])
}
_LEFT_ALONE: Final = {"annotation", "returns", "decorator_list", "format_spec", "exc", "cause", "msg"}
_CONDITIONS: Final = {(ast.If, "test"), (ast.IfExp, "test"), (ast.While, "test"), (ast.comprehension, "ifs")}


@dataclass(frozen=True)
class Mutant:
    """A module with one fault: in the statement whose head stands in `lines`, `was` became `becomes`."""

    lines: range
    was: str
    becomes: str
    in_function: bool
    tree: ast.Module

    @property
    def key(self) -> tuple[str, str]:
        """What names it though lines move."""
        return self.was, self.becomes


def mutants(source: str) -> Iterator[Mutant]:
    """The module with one fault, in every way there is, in the order of the lines."""
    for index, (_, faults) in enumerate(_faulty(ast.parse(source))):
        for number in range(len(faults)):
            yield _planted(source, index, number)


def _planted(source: str, index: int, number: int) -> Mutant:
    """The fault of that number at the place of that index, in a tree of its own."""
    tree = ast.parse(source)
    place, faults = next(itertools.islice(_faulty(tree), index, None))
    statement, fault = place.statement, faults[number]
    was = _said(statement)
    place.put(fault)
    ast.fix_missing_locations(tree)
    becomes = _said(fault if place.node is statement else statement)
    body = getattr(statement, "body", None)
    end = body[0].lineno if body else 1 + (statement.end_lineno or 0)
    lines = range(statement.lineno, max(statement.lineno + 1, end))
    return Mutant(lines, was, becomes, place.in_function, tree)


def _said(node: ast.AST) -> str:
    """A statement in one line or, of one with a body, its head."""
    return next(line for line in ast.unparse(node).splitlines() if not line.startswith("@"))


@dataclass(frozen=True)
class _Place:
    """A node, where it hangs, and the statement it is part of."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    statement: ast.stmt
    in_function: bool

    def put(self, other: ast.AST) -> None:
        """Has `other` in the node's place."""
        if self.index is None:
            setattr(self.parent, self.field, other)
        else:
            getattr(self.parent, self.field)[self.index] = other


def _faulty(tree: ast.Module) -> Iterator[tuple[_Place, list[ast.AST]]]:
    """The places where something could be another, with what it could be."""
    for place in _walk(tree, tree.body[0], in_function=False):
        if faults := [*_changes(place.node), *_decisions(place)]:
            yield place, faults


def _walk(parent: ast.AST, statement: ast.stmt, *, in_function: bool) -> Iterator[_Place]:
    is_function = isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for field, value in ast.iter_fields(parent):
        if field in _LEFT_ALONE or getattr(parent, "arg", "") == "strict":
            continue
        inside = in_function or (is_function and field == "body")
        for index, node in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(node, ast.AST):
                within = node if isinstance(node, ast.stmt) else statement
                yield _Place(node, parent, field, index, within, inside)
                yield from _walk(node, within, in_function=inside)


def _decisions(place: _Place) -> Iterator[ast.AST]:
    """A condition that never holds and one that always does; no loop goes on for ever."""
    if (type(place.parent), place.field) in _CONDITIONS:
        yield ast.Constant(value=False)
        if not isinstance(place.parent, ast.While):
            yield ast.Constant(value=True)


def _changes(node: ast.AST) -> Iterable[ast.AST]:
    return next((change(node) for kinds, change in _CHANGES if isinstance(node, kinds)), ())


def _connected(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for left_out in node.values:
        rest = [value for value in node.values if value is not left_out]
        yield ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]


def _number(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(value=not node.value)
    elif isinstance(node.value, int | float):
        yield from (ast.Constant(value=node.value + off) for off in (1, -1))


def _opposite_name(node: ast.Name) -> Iterator[ast.AST]:
    if node.id in _OPPOSITES and isinstance(node.ctx, ast.Load):
        yield ast.Name(_OPPOSITES[node.id], ast.Load())


def _opposite_attribute(node: ast.Attribute) -> Iterator[ast.AST]:
    if node.attr in _OPPOSITES:
        yield ast.Attribute(node.value, _OPPOSITES[node.attr], ast.Load())


def _left_out(node: ast.stmt) -> Iterator[ast.AST]:
    """A step that is not taken; a docstring is none, and what binds a name is missed by whoever asks for it."""
    binds = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Tuple)
    says = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Await)
    if not binds and not says:
        yield ast.Pass()


_CHANGES: Final[tuple[tuple[Any, Callable[[Any], Iterable[ast.AST]]], ...]] = (
    (ast.operator, lambda node: [other() for other in _OPERATORS.get(type(node), ())]),
    (ast.cmpop, lambda node: [other() for other in _COMPARISONS[type(node)]]),
    (ast.UnaryOp, lambda node: [node.operand]),
    (ast.BoolOp, _connected),
    (ast.Constant, _number),
    (ast.Name, _opposite_name),
    (ast.Attribute, _opposite_attribute),
    (ast.Continue, lambda _: [ast.Break()]),
    (ast.Break, lambda _: [ast.Continue()]),
    ((ast.Raise, ast.AugAssign, ast.Expr, ast.Assign), _left_out),
)
