"""What was made of attribute sets, remembered for as long as decoders give the same object for the same set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ..slo import Attributes

T = TypeVar("T")


class Remembered(Generic[T]):
    """What `make` made of up to `most` sets; then all is forgotten, and made again. A set that is remembered must not change."""

    def __init__(self, make: Callable[[Attributes], T], most: int) -> None:
        self._make = make
        self._most = most
        self._known: dict[int, tuple[Attributes, T]] = {}

    def of(self, attributes: Attributes) -> T:
        """What `make` makes of a set. The set is held on to, so that no other can be taken for it."""
        known = self._known.get(id(attributes))
        if known is not None and known[0] is attributes:
            return known[1]
        if len(self._known) >= self._most:
            self._known.clear()
        made = self._make(attributes)
        self._known[id(attributes)] = (attributes, made)
        return made
