"""The margin of a document: where its faults are noted while the rest of it is read on."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import Fault
from .document import Document, Steps


@dataclass(frozen=True, slots=True)
class Margin:
    """Notes faults of one document, and remarks that are none, into lists that all documents share."""

    document: Document
    faults: list[Fault]
    remarks: list[Fault] = field(default_factory=list)

    def note(self, steps: Steps, message: str) -> None:
        """Notes one fault."""
        self.faults.append(self.document.fault(steps, message))

    def remark(self, steps: Steps, message: str) -> None:
        """Remarks on what is valid and yet not all that it seems."""
        self.remarks.append(self.document.fault(steps, message))
