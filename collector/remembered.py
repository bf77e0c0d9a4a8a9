"""What was made of attribute sets, remembered for as long as decoders give the same object for the same set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from ..slo import Attributes

T = TypeVar("T")

MOST_TEXT: Final = 4 * 2**20
"""Characters of the texts of all sets that are remembered, at most, but that the last one may have more."""


class Remembered(Generic[T]):
    """What `make` made of up to `most` sets, of fewer where texts are long; then all is forgotten, and made again.

    A set that is remembered must not change.
    """

    def __init__(self, make: Callable[[Attributes], T], most: int) -> None:
        self._make = make
        self._most = most
        self._known: dict[int, tuple[Attributes, T]] = {}
        self._text = 0

    def of(self, attributes: Attributes) -> T:
        """What `make` makes of a set. The set is held on to, so that no other can be taken for it."""
        known = self._known.get(id(attributes))
        if known is not None and known[0] is attributes:
            return known[1]
        if len(self._known) >= self._most or self._text >= MOST_TEXT:
            self._known.clear()
            self._text = 0
        self._text += sum(len(value) for value in attributes.values() if isinstance(value, str))
        made = self._make(attributes)
        self._known[id(attributes)] = (attributes, made)
        return made
