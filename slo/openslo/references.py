"""What the objects of one load say of each other: no two of one name, no reference to none, no annotation that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..annotations import ANNOTATIONS, PREFIX
from ..errors import Fault, InvalidValue
from .document import Document, Steps, Value
from .metric_source import SOURCE_TYPE
from .objects import KINDS, REFERENCES
from .wording import did_you_mean, unknown_key

_FREE_FORM: Final = frozenset({"connectionDetails", "labels"})


class References:
    """Knows names before shapes are checked, so that a fault within an object does not make its references dangle.

    `complete` says whether all files could be read to their end; where not, a missing name is no fault.
    """

    def __init__(self, documents: Sequence[Document], *, complete: bool) -> None:
        self.faults: list[Fault] = []
        self._complete = complete
        self._objects: dict[tuple[str, str], Document] = {}
        for document in documents:
            self._add(document)
        for document in documents:
            self.faults.extend(self._judged(document))

    def _add(self, document: Document) -> None:
        kind, name = kind_of(document), document.text_at("metadata", "name")
        if kind is None or name is None:
            return
        first = self._objects.setdefault((kind, name), document)
        if first is not document:
            steps = ("metadata", "name")
            place = first.place_of(steps)
            self.faults.append(document.fault(steps, f"another {kind} is named `{name}` already, in {place}"))

    def _judged(self, document: Document) -> Iterator[Fault]:
        """References to nothing, and our annotations where they are wrong."""
        for steps, value in _entries(document.data, ()):
            if steps[-1] in REFERENCES and isinstance(value, str):
                yield from self._reference(document, steps, REFERENCES[str(steps[-1])], value)
            elif steps[-2:-1] == ("annotations",) and isinstance(value, str):
                message = _annotation(document, steps, str(steps[-1]), value)
                yield from [document.fault(steps, message)] if message else []

    def _reference(self, document: Document, steps: Steps, kind: str, name: str) -> Iterator[Fault]:
        found = self._objects.get((kind, name))
        if found is None and self._complete:
            near = did_you_mean(name, [each for of, each in self._objects if of == kind])
            yield document.fault(steps, f"no {kind} named `{name}` is in these files{near}")
        if (
            found is not None
            and kind == "DataSource"
            and (type_ := found.text_at("spec", "type")) not in (None, SOURCE_TYPE)
        ):
            yield document.fault(steps, f"not supported yet: `{name}` is of type `{type_}`, not `{SOURCE_TYPE}`")


def _annotation(document: Document, steps: Steps, key: str, text: str) -> str | None:
    """What is wrong with an annotation; None where it is right, not ours, or stands in what is no object."""
    kind = kind_of(document)
    if not key.startswith(PREFIX) or kind is None:
        return None
    if kind != "SLO" or steps[:-1] != ("metadata", "annotations"):
        return f"annotations under {PREFIX} are read in the metadata of an SLO only"
    if key not in ANNOTATIONS:
        return unknown_key(key, ANNOTATIONS)
    try:
        ANNOTATIONS[key](text)
    except InvalidValue as error:
        return str(error)
    return None


def kind_of(document: Document) -> str | None:
    """The kind a document says it is, where OpenSLO has it."""
    kind = document.text_at("kind")
    return kind if kind in KINDS else None


def _entries(value: Value, steps: Steps) -> Iterator[tuple[Steps, Value]]:
    """Every entry of every mapping but those of free form."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _entries(item, (*steps, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            below = (*steps, key)
            yield below, item
            if key not in _FREE_FORM and below[-2:] != ("metricSource", "spec"):
                yield from _entries(item, below)
