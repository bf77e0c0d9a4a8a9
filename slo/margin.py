"""The margin of a document: where its faults are noted while the rest of it is read on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .document import Document, Steps
from .errors import Fault, InvalidValue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Margin:
    """Notes faults of one document into a list that all documents share."""

    document: Document
    faults: list[Fault]

    def note(self, steps: Steps, message: str) -> None:
        """Notes one fault."""
        self.faults.append(self.document.fault(steps, message))

    def attempt(self, steps: Steps, make: Callable[[], T]) -> T | None:
        """What `make` gives; None, with its `InvalidValue` noted, where it can't."""
        try:
            return make()
        except InvalidValue as error:
            self.note(steps, str(error))
            return None
