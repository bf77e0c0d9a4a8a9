"""The margin of a document: where its faults are noted while the rest of it is read on."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Fault
from .document import Document, Steps


@dataclass(frozen=True, slots=True)
class Margin:
    """Notes faults of one document into a list that all documents share."""

    document: Document
    faults: list[Fault]

    def note(self, steps: Steps, message: str) -> None:
        """Notes one fault."""
        self.faults.append(self.document.fault(steps, message))
