"""What the objects of one load say of each other: no two of one name, no reference to none, no annotation that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..annotations import PREFIX
from ..errors import Fault, InvalidValue
from .annotated import READERS
from .document import Document, Steps, Value
from .objects import REFERENCES
from .validation import SourceTypes
from .versions import kind_of
from .wording import did_you_mean, unknown_key

_FREE_FORM: Final = frozenset({"connectionDetails", "labels"})
_AUTOMATIC: Final = ("-availability", "-latency")
"""How SLOs end that a collector declares by itself for whatever service it hears."""


class References:
    """Knows names before shapes are checked, so that a fault within an object does not make its references dangle.

    `complete` says whether all files could be read to their end; where not, a missing name is no fault.
    """

    def __init__(self, documents: Sequence[Document], *, complete: bool) -> None:
        self.faults: list[Fault] = []
        self._complete = complete
        self._objects: dict[tuple[str, str], Document] = {}
        self._members: list[tuple[Document, Steps, str]] = []
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

    @property
    def types(self) -> SourceTypes:
        """The types of DataSources by name."""
        sources = {name: document for (kind, name), document in self._objects.items() if kind == "DataSource"}
        return {name: type_ for name, document in sources.items() if (type_ := document.text_at("spec", "type"))}

    def judge_members(self, names: Sequence[str], faults: list[Fault], remarks: list[Fault]) -> None:
        """Notes SLOs that composites are made of and nobody declares: `names` are those declared, others may hold faults."""
        making = {name[:end] for name in names for end, letter in enumerate(f"{name}-") if letter == "-"}
        written = [name for kind, name in self._objects if kind == "SLO" and name not in making]
        for document, steps, name in self._members:
            known = name in names or any(name == one or name.startswith(f"{one}-") for one in written)
            if not known and name.endswith(_AUTOMATIC):
                remarks.append(document.fault(steps, f"`{name}` is in no file: it counts once its service is heard"))
            elif not known and self._complete:
                near = did_you_mean(name, names)
                faults.append(document.fault(steps, f"no SLO named `{name}` is in these files{near}"))

    def _judged(self, document: Document) -> Iterator[Fault]:
        """References to nothing, and our annotations where they are wrong."""
        for steps, value in _entries(document.data, ()):
            if steps[-1] in REFERENCES and isinstance(value, str):
                yield from self._reference(document, steps, REFERENCES[str(steps[-1])], value)
            elif steps[-1] == "alertPolicies" and isinstance(value, list):
                for index, each in enumerate(value):
                    if isinstance(each, str):
                        yield from self._reference(document, (*steps, index), "AlertPolicy", each)
            elif steps[-1] == "slo" and "of" in steps and isinstance(value, str):
                self._members.append((document, steps, value))
            elif steps[-2:-1] == ("annotations",) and isinstance(value, str):
                message = _annotation(document, steps, str(steps[-1]), value)
                yield from [document.fault(steps, message)] if message else []

    def _reference(self, document: Document, steps: Steps, kind: str, name: str) -> Iterator[Fault]:
        found = self._objects.get((kind, name))
        if found is None and self._complete:
            near = did_you_mean(name, [each for of, each in self._objects if of == kind])
            yield document.fault(steps, f"no {kind} named `{name}` is in these files{near}")


def _annotation(document: Document, steps: Steps, key: str, text: str) -> str | None:
    """What is wrong with an annotation; None where it is right, not ours, or stands in what is no object."""
    kind = kind_of(document)
    if not key.startswith(PREFIX) or kind is None:
        return None
    if kind != "SLO" or steps[:-1] != ("metadata", "annotations"):
        return f"annotations under {PREFIX} are read in the metadata of an SLO only"
    if key not in READERS:
        return unknown_key(key, READERS)
    try:
        READERS[key](text)
    except InvalidValue as error:
        return str(error)
    return None


def _entries(value: Value, steps: Steps) -> Iterator[tuple[Steps, Value]]:
    """Every entry of every mapping but those of free form."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _entries(item, (*steps, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            below = (*steps, key)
            yield below, item
            if key not in _FREE_FORM:
                yield from _entries(item, below)
