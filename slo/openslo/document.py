"""A document of a file: its data, and where each value of it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..errors import Fault, Place

Value = Any
"""None, bool, int, Decimal, str, or lists and text-keyed dicts of these."""
Steps = tuple[str | int, ...]
"""The way from a document's root to a value: keys and list indexes."""


class Mark(NamedTuple):
    """Where a key or a list item begins. Both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file. `marks` knows where each key and list item of it stands; `root` is where it stands in a list of several."""

    file: str
    line: int
    data: Value
    marks: Mapping[Steps, Mark]
    root: Steps = ()

    def place_of(self, steps: Steps) -> Place:
        """Where the value there stands; the nearest one around it where there is none."""
        steps = (*self.root, *steps)
        while steps and steps not in self.marks:
            steps = steps[:-1]
        return Place(self.file, *self.marks.get(steps, (self.line, 0)))

    def text_at(self, *keys: str) -> str | None:
        """The text that stands below those keys; None where none does."""
        value = self.data
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, str) else None

    def fault(self, steps: Steps, message: str) -> Fault:
        """A fault at that place in this document."""
        place = self.place_of(steps)
        return Fault(place.file, place.line, spell((*self.root, *steps)), message, place.column)

    def objects(self) -> Iterator[Document]:
        """The document itself, or a document for each item where it is a list, as OpenSLO's own examples are."""
        if not isinstance(self.data, list) or not self.data:
            yield self
            return
        for index, item in enumerate(self.data):
            if item is not None:
                yield replace(self, data=item, root=(*self.root, index))


def spell(steps: Steps) -> str:
    """A path as people write it: `spec.objectives[0].target`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")
