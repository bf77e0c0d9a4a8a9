"""The series of remote write 1.0 by the bytes of their labels: what those are is found out once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError

from ..columns import IntColumn
from ..errors import BadRequest
from .labels import Labels, fault_of
from .messages import Label, TimeSeries
from .translation import Kind, Series, Translation

MOST_KNOWN: Final = 50_000
MOST_KNOWN_LETTERS: Final = 16_000_000
"""Label sets remembered, and letters in them; beyond, all are forgotten and learned anew."""

IGNORED: Final = 0
COUNTS: Final = 1
SAYS_UP: Final = 2
"""What a series is for: nothing, to be counted, to tell whether its target lives."""

ROLE: Final = 0
IDENTITY: Final = 1
FAMILY: Final = 2
_FACTS: Final = 3
"""Of each series: its role, its object's `id`, and the number of its family."""


class Numbered(NamedTuple):
    """The numbers of a request's series, the facts of all that are known, and what they are; None for one that nobody asks for."""

    number: IntColumn
    facts: IntColumn
    series: Sequence[Series | None]


class KnownSeries:
    """Series by number. Safe for several threads."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._lock = threading.Lock()
        self._forget()

    def numbers(self, body: bytes, places: IntColumn) -> Numbered | None:
        """The series whose labels stand at these places of a body; None where one is unsound, or where there are too many to remember."""
        with self._lock:
            return self._numbers(list(map(body.__getitem__, map(slice, places[:, 0].tolist(), places[:, 1].tolist()))))

    def _numbers(self, encoded: list[bytes]) -> Numbered | None:
        numbers = list(map(self._known.get, encoded))
        if None in numbers:
            if len(self._known) + numbers.count(None) > MOST_KNOWN or self._letters > MOST_KNOWN_LETTERS:
                self._forget()
            if len(encoded) > MOST_KNOWN or not all(map(self._learn, encoded)):
                return None
            numbers = list(map(self._known.get, encoded))
        return Numbered(np.array(numbers, np.int64), self._facts, self._series)

    def _forget(self) -> None:
        self._known: dict[bytes, int] = {}
        self._series: list[Series | None] = []
        self._families: dict[bytes, int] = {}
        self._facts: IntColumn = np.zeros((256, _FACTS), np.int64)
        self._letters = 0

    def _learn(self, encoded: bytes) -> bool:
        """Finds out what labels are, unless it is known; says whether they are sound."""
        if encoded in self._known:
            return True
        try:
            labels = labels_of(TimeSeries.FromString(encoded).labels)
        except (BadRequest, DecodeError):
            return False  # whoever reads the whole request says so
        if self._letters > MOST_KNOWN_LETTERS or fault_of(labels):
            return False
        number, series = len(self._series), self._translation.series(labels)
        if number == len(self._facts):
            self._facts = np.concatenate([self._facts, np.zeros_like(self._facts)])
        if series is not None:
            role = SAYS_UP if series.kind in (Kind.UP, Kind.GAUGE) else COUNTS
            self._facts[number] = role, id(series), self._families.setdefault(series.family, len(self._families))
        self._letters += len(encoded)
        self._series.append(series)
        self._known[encoded] = number
        return True


def labels_of(serialised: Sequence[bytes]) -> Labels:
    """Labels of 1.0 from their bytes; raises BadRequest."""
    try:
        labels = [Label.FromString(label) for label in serialised]
    except DecodeError as error:
        raise BadRequest(f"a label can't be read: {error}") from error
    return tuple((label.name, label.value) for label in labels)
