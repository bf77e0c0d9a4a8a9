"""One request's place in the order of answers on a connection of HTTP/1.1."""

from __future__ import annotations

from ..pending import Pending
from .answer import Answer
from .head import Head


class Turn(Pending):
    """See the module. `keep` says whether another request may follow."""

    __slots__ = ("answer", "head", "keep")

    def __init__(self) -> None:
        super().__init__()
        self.answer: Answer | None = None
        self.head: Head | None = None
        self.keep = True

    def wire(self, date: bytes) -> bytes:
        """The answer's bytes."""
        assert self.answer is not None, "asked for once it is there"
        bare = self.head is not None and self.head.method == b"HEAD"
        return self.answer.wire(date, keep=self.keep, bare=bare)
