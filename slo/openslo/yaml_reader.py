"""YAML as SLO files use it, read with the place of every value and without ever running or expanding anything.

Read from the event stream, so that neither depth nor aliases cost more than they say: a file is at most 1 MB, nests at most 40
levels and means at most 100,000 values once its aliases are followed. Scalars follow YAML 1.2's core schema: `no` is a text, a
date is a text, and a number with a point is a `Decimal`, because 0.9999 has no exact float.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

from ..errors import Fault
from .document import Document, Mark, Steps, Value, spell

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 40
MAX_VALUES: Final = 100_000

Event = Any
"""An event of PyYAML, whose types don't say what each kind holds."""
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# Bounded on purpose: the fraction of 1e-999999999 would fill the memory.
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,30}")
_DECIMAL: Final = re.compile(r"[-+]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?")
_PLAIN_TAGS: Final = frozenset({None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq"))})
_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})
_UNEVEN: Final = "; is this line, or the one before it, indented as its neighbours are?"
_HINTS: Final = {
    "mapping values are not allowed in this context": _UNEVEN,
    "did not find expected key": _UNEVEN,
    "did not find expected '-' indicator": _UNEVEN,
    "expected <block end>, but found '<block mapping start>'": _UNEVEN,
}
"""What is mostly behind what the parser says of a line that is indented otherwise than it was meant."""
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file held. After a syntax error nothing more of it is known, and `complete` is False."""

    documents: tuple[Document, ...] = ()
    faults: tuple[Fault, ...] = ()
    complete: bool = True


def looks_like_number(text: str) -> bool:
    """Whether it is read as a number, as 1e3 is here and not by every reader of YAML, unless it stands in quotes."""
    return _DECIMAL.fullmatch(text) is not None


def read_file(path: Path) -> FileContent:
    """The documents of one file; whatever is wrong with it is a fault of the answer, never an exception."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(path, f"can't be read: {error.strerror}")
    if len(raw) > MAX_BYTES:
        return _unreadable(path, f"is larger than {MAX_BYTES:,} bytes; SLO files are small")
    try:
        return read_text(raw.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return FileContent(faults=(Fault(str(path), line, "", "is no UTF-8 text"),), complete=False)


def read_text(text: str, file: str) -> FileContent:
    """The documents of `text`, which stands in `file`. Empty documents are left out."""
    reader = _Reader(file)
    try:
        for document in reader.documents(text):
            reader.found.append(document)
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError) as error:
        reader.faults.append(_syntax_fault(error, text, file))
    except _Refused as refused:
        reader.faults.append(refused.fault)
    else:
        return FileContent(tuple(reader.found), tuple(reader.faults))
    return FileContent(tuple(reader.found), tuple(reader.faults), complete=False)


def _unreadable(path: Path, message: str) -> FileContent:
    return FileContent(faults=(Fault(str(path), 0, "", message),), complete=False)


def _syntax_fault(error: yaml.MarkedYAMLError | yaml.reader.ReaderError, text: str, file: str) -> Fault:
    """What the parser says, which is of a place or of a character."""
    if isinstance(error, yaml.reader.ReaderError):
        # Where it is the two parsers count in bytes and in characters; before it there is none of its kind.
        at = text.find(chr(error.character))
        line, column, problem = text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1, error.reason
    else:
        assert error.problem_mark is not None, "what is of no character has a place"
        line, column, problem = error.problem_mark.line, error.problem_mark.column, str(error.problem)
    hint = "; indent with spaces, not tabs" if _has_tab(text, line) else _HINTS.get(problem, "")
    return Fault(file, line + 1, "", f"no valid YAML: {problem}{hint}", column + 1)


def _has_tab(text: str, line: int) -> bool:
    lines = text.splitlines()
    return line < len(lines) and re.match(r"\s*\t", lines[line]) is not None


class _Refused(Exception):
    """The file can't be read further; it holds the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(slots=True)
class _Anchor:
    """A value that aliases may name. `size` is None while it is still being read."""

    value: Value = None
    size: int | None = None


@dataclass(slots=True)
class _Reader:
    """Builds values from events, and remembers places, anchors and how many values there are."""

    file: str
    found: list[Document] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    events: Iterator[Event] = field(default_factory=lambda: iter(()))
    marks: dict[Steps, Mark] = field(default_factory=dict)
    anchors: dict[str, _Anchor] = field(default_factory=dict)
    values: int = 0

    def documents(self, text: str) -> Iterator[Document]:
        self.events = iter(yaml.parse(text, Loader=_LOADER))
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.marks, self.anchors = {}, {}
                first = next(self.events)
                data = self._value(first, ())
                if data is not None:
                    yield Document(self.file, _mark(first).line, data, self.marks)

    def _value(self, event: Event, steps: Steps) -> Value:
        self.marks.setdefault(steps, _mark(event))
        if len(steps) > MAX_DEPTH:
            self._refuse(event, steps[:3], f"nests deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, steps)
        self._add(event, 1)
        before = self.values
        anchor = _Anchor()
        if event.anchor:
            self.anchors[event.anchor] = anchor
        if event.tag not in _PLAIN_TAGS:
            self._fault(event, steps, f"the tag `{event.tag}` is not read here; leave it out")
        anchor.value = self._untagged(event, steps)
        anchor.size = self.values - before + 1
        return anchor.value

    def _untagged(self, event: Event, steps: Steps) -> Value:
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] and event.tag not in _TEXT_TAGS
            return _scalar(event.value) if plain else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(steps)
        return self._mapping(steps)

    def _sequence(self, steps: Steps) -> list[Value]:
        items: list[Value] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*steps, len(items))))
        return items

    def _mapping(self, steps: Steps) -> dict[str, Value]:
        own: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, steps)
            below = (*steps, key)
            if key in own:
                self._fault(event, below, f"stands here twice; first in line {self.marks[below].line}")
            self.marks[below] = _mark(event)
            value = self._value(next(self.events), below)
            if key == "<<":
                merged = {**self._merged(event, value, below), **merged}
            else:
                own[key] = value
        return {**merged, **own}

    def _key(self, event: Event, steps: Steps) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, steps, "a key is a plain text")
        return str(event.value)

    def _merged(self, event: Event, value: Value, steps: Steps) -> dict[str, Value]:
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, dict) for part in parts):
            self._fault(event, steps, "merges keys, so it needs an alias of a mapping")
            return {}
        return {key: part[key] for part in reversed(parts) for key in part}

    def _alias(self, event: Event, steps: Steps) -> Value:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            self._refuse(event, steps, f"no anchor `&{event.anchor}` stands before this alias")
        if anchor.size is None:
            self._refuse(event, steps, f"the alias `*{event.anchor}` refers to itself")
        self._add(event, anchor.size)
        return anchor.value

    def _add(self, event: Event, values: int) -> None:
        self.values += values
        if self.values > MAX_VALUES:
            self._refuse(event, (), f"means more than {MAX_VALUES:,} values once its aliases are followed")

    def _fault(self, event: Event, steps: Steps, message: str) -> None:
        self.faults.append(self._at(event, steps, message))

    def _refuse(self, event: Event, steps: Steps, message: str) -> NoReturn:
        raise _Refused(self._at(event, steps, message))

    def _at(self, event: Event, steps: Steps, message: str) -> Fault:
        mark = _mark(event)
        return Fault(self.file, mark.line, spell(steps), message, mark.column)


def _mark(event: Event) -> Mark:
    return Mark(int(event.start_mark.line) + 1, int(event.start_mark.column) + 1)


def _scalar(text: str) -> Value:
    if text in _NULL:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
