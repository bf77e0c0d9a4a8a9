"""YAML as a tree that can be written again: entries with their comments, their texts as they are written, and blank lines between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from .comments import Comment, comments_in


@dataclass(slots=True)
class Node:
    """A value: the `text` of a scalar or an alias as it is written, or the `entries` of a mapping or a list. `value` is a scalar's."""

    text: str = ""
    value: str = ""
    anchor: str = ""
    entries: list[Entry] | None = None
    is_mapping: bool = False


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item of a list, and the comments in lines before it, at the end of its line, and after it.

    A text that spans lines has its last one as `end`. What stands `apart` comes after a blank line.
    """

    key: str
    value: Node
    line: int
    column: int
    before: list[str] = field(default_factory=list)
    beside: str = ""
    after: list[str] = field(default_factory=list)
    apart: bool = False
    end: int = -1


@dataclass(slots=True)
class DocumentLayout:
    """One document: the comments above it, its value, and the comments below it."""

    value: Node
    entries: list[Entry]
    above: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


class Unwritable(Exception):
    """What can be read and not be written again: tags, directives, keys that are no plain text."""


def read_layouts(text: str) -> list[DocumentLayout]:
    """The documents of a text. Raises `yaml.YAMLError` for what is no YAML, and `Unwritable`."""
    starts, layouts = _Builder(text).documents()
    lines, comments = text.splitlines(), list(comments_in(text))
    for number, layout in enumerate(layouts):
        first = starts[number] if number else 0
        last = starts[number + 1] if number + 1 < len(layouts) else len(lines)
        _lay(layout, [each for each in comments if first <= each.line < last], lines)
    return layouts


class _Builder:
    """Builds documents from events."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._dashes = (
            each for each in yaml.scan(text, Loader=yaml.SafeLoader) if isinstance(each, yaml.BlockEntryToken)
        )
        self._entries: list[Entry] = []

    def documents(self) -> tuple[list[int], list[DocumentLayout]]:
        """The lines in which documents start, and those documents that hold something."""
        starts: list[int] = []
        layouts: list[DocumentLayout] = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version or event.tags:
                    raise Unwritable("holds directives")
                self._entries = []
                value = self._node(next(self._events))
                if value.text or value.entries is not None:
                    starts.append(_line(event))
                    layouts.append(DocumentLayout(value, self._entries))
        return starts, layouts

    def _node(self, event: Any) -> Node:
        if getattr(event, "tag", None) is not None:
            raise Unwritable(f"holds the tag {event.tag}")
        if isinstance(event, yaml.AliasEvent):
            return Node(f"*{event.anchor}")
        anchor = event.anchor or ""
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._source(event), str(event.value), anchor)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(anchor=anchor, entries=list(self._items(event)))
        return Node(anchor=anchor, entries=list(self._keys()), is_mapping=True)

    def _source(self, event: Any) -> str:
        text = self._text[event.start_mark.index : event.end_mark.index]
        return text[text.index(event.style) :] if event.style else text.partition(" ")[2] if event.anchor else text

    def _items(self, start: Any) -> Iterator[Entry]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            # Where its dash is, no event says: that of a list is where its anchor is.
            marked = event if start.flow_style else next(self._dashes)
            yield self._entry("", event, _line(event), _column(marked))

    def _keys(self) -> Iterator[Entry]:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag or event.style in ("|", ">"):
                raise Unwritable("holds a key that is no plain text")
            yield self._entry(self._source(event), next(self._events), _line(event), _column(event))

    def _entry(self, key: str, event: Any, line: int, column: int) -> Entry:
        entry = Entry(key, Node(), line, column)
        self._entries.append(entry)
        entry.value = self._node(event)
        if isinstance(event, yaml.ScalarEvent) and event.style not in ("|", ">"):
            entry.end = _last_line(event)
        return entry


def _last_line(event: Any) -> int:
    return int(event.end_mark.line)


def _line(event: Any) -> int:
    return int(event.start_mark.line)


def _column(event: Any) -> int:
    return int(event.start_mark.column)


def _lay(layout: DocumentLayout, comments: Sequence[Comment], lines: Sequence[str]) -> None:
    """Lays comments where they belong, and remembers blank lines."""
    tops: dict[int, int] = {}
    for comment in comments:
        place = _place_of(comment, layout)
        if place and not lines[comment.line - 1].strip():
            place.append("")
        place.append(comment.text)
        tops.setdefault(id(place), comment.line)
    first: dict[int, Entry] = {}
    end = -1
    for entry in layout.entries:
        if first.setdefault(entry.line, entry) is entry:
            top = tops.get(id(entry.before), entry.line)
            entry.apart = top > max(0, end) and not lines[top - 1].strip()
        end = entry.end


def _place_of(comment: Comment, layout: DocumentLayout) -> list[str]:
    """Where it is said: above or below everything, before or after an entry; or at the end of an entry's line, as a list that is it."""
    earlier = [entry for entry in layout.entries if entry.line < comment.line]
    later = next((entry for entry in layout.entries if entry.line > comment.line), None)
    if not comment.alone:
        beside = [entry for entry in layout.entries if entry.line == comment.line and entry.column < comment.column]
        if beside:
            entry = next((each for each in beside if each.key), beside[-1])
            return _Beside(entry)
        return earlier[-1].after if earlier else layout.above
    if not earlier:
        return layout.above
    around = next((entry for entry in reversed(earlier) if entry.column <= comment.column), None)
    if later is not None and (comment.column <= later.column or around is None or around.column <= later.column):
        return later.before
    if around is not None and (later is not None or comment.column > 0):
        return around.after
    return layout.below


class _Beside(list[str]):
    """The end of an entry's line, which holds one comment."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self._entry = entry

    def append(self, text: str) -> None:
        """Lays a comment there."""
        self._entry.beside = text
