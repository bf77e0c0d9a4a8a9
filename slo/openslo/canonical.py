"""SLO files in canonical form: keys in the order of the specification, block style, two spaces a level; comments, quotes and anchors stay.

What is written is read again before anybody sees it: where it would mean anything else, or lack a comment, the file is left as it is.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import yaml

from ..errors import Fault
from .comments import comments_in
from .document import Steps
from .folder import slo_files
from .layout import DocumentLayout, Entry, Node, Unwritable, read_layouts
from .validation import keys_at
from .versions import VERSIONS
from .yaml_reader import read_file, read_text

_STEP: Final = "  "
_BESIDE: Final = "  "
_BLOCK: Final = re.compile(r"([|>]-?)([+0-9-]*)")


def canonical_files(paths: Sequence[Path]) -> tuple[dict[Path, str], list[Fault]]:
    """What files that are not in canonical form would be, and what is wrong with those that can't be brought there."""
    faults: list[Fault] = []
    texts: dict[Path, str] = {}
    for path in slo_files(paths, faults):
        content = read_file(path)
        faults.extend(content.faults)
        if not content.faults:
            text = path.read_text(encoding="utf-8-sig")
            try:
                found = canonical(text)
            except Unwritable as error:
                faults.append(Fault(str(path), 0, "", f"is left as it is: it {error}"))
            else:
                texts |= {path: found} if found != text else {}
    return texts, faults


def canonical(text: str) -> str:
    """The same in canonical form, which is its own canonical form. Raises `Unwritable` for what can't be written again."""
    try:
        layouts = read_layouts(text)
        if not layouts:
            return text
        found = "---\n".join("".join(f"{line}\n" for line in _document(layout)) for layout in layouts)
        if not _means_the_same(text, found):
            raise Unwritable("would mean something else, or lack a comment: its anchors stand where keys change places")
    except yaml.YAMLError as error:
        raise Unwritable(f"can't be written again: {error}") from None
    return found


def _means_the_same(before: str, after: str) -> bool:
    read = [[document.data for document in read_text(text, "").documents] for text in (before, after)]
    said = [Counter(comment.text for comment in comments_in(text)) for text in (before, after)]
    return read[0] == read[1] and said[0] == said[1]


def _document(layout: DocumentLayout) -> Iterator[str]:
    yield from layout.above
    if layout.above and layout.entries and layout.entries[0].apart:
        yield ""
    yield from _Writer(layout.value).lines()
    yield from layout.below


class _Writer:
    """Writes one document, in the order that its kind has."""

    def __init__(self, root: Node) -> None:
        self._root = root

    def lines(self) -> Iterator[str]:
        """The lines of the document."""
        if self._root.entries is None:
            yield self._root.text
        else:
            yield from self._entries(self._root, (), "")

    def _entries(self, node: Node, steps: Steps, pad: str) -> Iterator[str]:
        for number, entry in enumerate(self._ordered(node, steps)):
            if entry.apart and number:
                yield ""
            below: Steps = (*steps, _plain(entry.key) if node.is_mapping else number)
            before = entry.before if node.is_mapping else self._above(entry, below)
            yield from (f"{pad}{line}" if line else "" for line in before)
            yield from self._entry(entry, below, pad) if node.is_mapping else self._item(entry, below, pad)
            yield from (f"{pad}{line}" if line else "" for line in entry.after)

    def _ordered(self, node: Node, steps: Steps) -> list[Entry]:
        """A mapping's entries in the order of the specification, those that it does not know after them as they were."""
        entries = node.entries or []
        if not node.is_mapping:
            return entries
        known = {key: place for place, key in enumerate(self._keys(steps))}
        return sorted(entries, key=lambda entry: known.get(_plain(entry.key), len(known)))

    def _keys(self, steps: Steps) -> Sequence[str]:
        said = {_plain(each.key): each.value.value for each in self._object(steps).entries or []}
        shape = VERSIONS.get(said.get("apiVersion", ""), {}).get(said.get("kind", ""))
        return keys_at(shape, steps) if shape is not None else ()

    def _object(self, steps: Steps) -> Node:
        """The object that the steps lead into: the document, or an item of it where it is a list."""
        if self._root.is_mapping or isinstance(steps[0], str):
            return self._root
        return (self._root.entries or [])[steps[0]].value

    def _above(self, entry: Entry, steps: Steps) -> list[str]:
        """The comments before an item; where its entries follow its dash at once, also those that stand between."""
        node = entry.value
        if not node.entries or node.anchor:
            return entry.before
        beside = [entry.beside] if entry.beside else []
        return entry.before + beside + self._at_first(node, steps)

    def _at_first(self, node: Node, steps: Steps) -> list[str]:
        first = self._ordered(node, steps)[0]
        return first.before if node.is_mapping else self._above(first, (*steps, 0))

    def _entry(self, entry: Entry, steps: Steps, pad: str) -> Iterator[str]:
        head = f"{pad}{entry.key}:{_named(entry.value)}"
        if entry.value.entries:
            yield head + _beside(entry)
            yield from self._entries(entry.value, steps, pad + _STEP)
        else:
            yield from _scalar(entry, head, pad)

    def _item(self, entry: Entry, steps: Steps, pad: str) -> Iterator[str]:
        node, head = entry.value, f"{pad}-{_named(entry.value)}"
        if not node.entries:
            yield from _scalar(entry, head, pad)
            return
        lines = list(self._entries(node, steps, pad + _STEP))
        if node.anchor:
            yield head + _beside(entry)
        else:
            lines = lines[len(self._at_first(node, steps)) :]
            yield f"{head} {lines.pop(0).lstrip()}" if node.is_mapping else head
        yield from lines


def _scalar(entry: Entry, head: str, pad: str) -> Iterator[str]:
    first, *more = _texts(entry.value)
    yield (f"{head} {first}" if first else head) + _beside(entry)
    yield from (f"{pad}{_STEP}{line}" if line else "" for line in more)


def _texts(node: Node) -> list[str]:
    """A value without entries: as it is written; in one line, where it is no block."""
    if node.entries is not None:
        return ["{}" if node.is_mapping else "[]"]
    if "\n" not in node.text:
        return [node.text]
    header, *lines = node.text.rstrip().split("\n")
    block = _BLOCK.match(header)
    if block is None:
        return [json.dumps(node.value, ensure_ascii=False)]
    if block[2]:
        raise Unwritable("holds a block of text whose indentation or end is said")
    begin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return [block[1], *(line[begin:].rstrip() for line in lines)]


def _named(node: Node) -> str:
    return f" &{node.anchor}" if node.anchor else ""


def _beside(entry: Entry) -> str:
    return _BESIDE + entry.beside if entry.beside else ""


def _plain(key: str) -> str:
    """A key without the quotes that it may be written in."""
    return key[1:-1] if key[:1] in ("'", '"') else key
