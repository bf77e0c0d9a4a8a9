"""What was made of attribute sets, remembered for as long as decoders give the same objects for the same sets."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Final, Generic, TypeVar

from ..slo import Attributes

T = TypeVar("T")

MOST_TEXT: Final = 4 * 2**20
"""Characters of the texts of all sets that are remembered, at most, but that the last one may have more."""


class Remembered(Generic[T]):
    """What `make` made of up to `most` sets, or pairs of sets, of fewer where texts are long; then all is forgotten, and made again.

    A set that is remembered must not change.
    """

    def __init__(self, make: Callable[..., T], most: int) -> None:
        self._make = make
        self._most = most
        self._known: dict[tuple[int, ...], tuple[tuple[Attributes, ...], T]] = {}
        self._text = 0

    def of(self, *sets: Attributes) -> T:
        """What `make` makes of a set, or of several. They are held on to, so that no others can be taken for them."""
        place = tuple(map(id, sets))
        known = self._known.get(place)
        if known is not None and all(map(is_, known[0], sets)):
            return known[1]
        if len(self._known) >= self._most or self._text >= MOST_TEXT:
            self._known.clear()
            self._text = 0
        self._text += sum(len(value) for one in sets for value in one.values() if isinstance(value, str))
        made = self._make(*sets)
        self._known[place] = (sets, made)
        return made
