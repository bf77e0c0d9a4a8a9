"""The series of remote write 1.0 by the bytes of their labels: what those are is found out once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from ..columns import IntColumn
from ..errors import BadRequest
from .labels import Labels, fault_of
from .messages import Label, TimeSeries
from .translation import SeriesKind, TranslatedSeries, Translation

MOST_KNOWN: Final = 50_000
MOST_KNOWN_LETTERS: Final = 16_000_000
"""Label sets remembered, and letters in them; beyond, all are forgotten and learned anew."""

BEGIN: Final = 0
END: Final = 1
HASH: Final = 3
"""The columns of the kernel's series that are used here."""

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
    series: Sequence[TranslatedSeries | None]


class KnownSeries:
    """Series by number. Safe for several threads. They are found by a hash of their labels' bytes, and known by those bytes."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._lock = threading.Lock()
        self._forget()
        # Only now: kernels are compiled, or read from where they are kept, when their module is imported.
        from ..kernels.samples import have_labels

        self._have_labels = have_labels

    def numbers(self, body: bytes, series: IntColumn) -> Numbered | None:
        """The series that the kernel found in a body; None where one is unsound, or where there are too many to remember."""
        hashes = series[:, HASH].tolist()
        with self._lock:
            numbers = list(map(self._known.get, hashes))
            missing = [row for row, number in enumerate(numbers) if number is None] if None in numbers else []
            if missing:
                if len(self._known) + len(missing) > MOST_KNOWN or self._used > MOST_KNOWN_LETTERS:
                    self._forget()
                    missing = list(range(len(hashes)))
                places = zip(*series[missing].T[[BEGIN, END, HASH]].tolist(), strict=True)
                if len(missing) > MOST_KNOWN or not all(
                    self._learn(body[at:end], hashed) for at, end, hashed in places
                ):
                    return None
                numbers = list(map(self._known.get, hashes))
            number = np.array(numbers, np.int64)
            if not self._have_labels(body, series, self._letters, self._places, number):
                return None
            return Numbered(number, self._facts, self._series)

    def _forget(self) -> None:
        self._known: dict[int, int] = {}
        self._series: list[TranslatedSeries | None] = []
        self._families: dict[bytes, int] = {}
        self._facts: IntColumn = np.zeros((256, _FACTS), np.int64)
        self._places: IntColumn = np.zeros((256, 2), np.int64)
        self._letters: NDArray[np.uint8] = np.zeros(2**16, np.uint8)
        self._used = 0

    def _learn(self, encoded: bytes, hashed: int) -> bool:
        """Finds out what labels are, unless it is known; says whether they are sound."""
        if hashed in self._known:
            return True
        try:
            labels = decoded_labels(TimeSeries.FromString(encoded).labels)
        except (BadRequest, DecodeError):
            return False  # whoever reads the whole request says so
        if self._used > MOST_KNOWN_LETTERS or fault_of(labels):
            return False
        number, series = len(self._series), self._translation.series(labels)
        self._make_room(number, len(encoded))
        if series is not None:
            role = SAYS_UP if series.kind in (SeriesKind.UP, SeriesKind.GAUGE) else COUNTS
            self._facts[number] = role, id(series), self._families.setdefault(series.family, len(self._families))
        self._places[number] = self._used, self._used + len(encoded)
        self._letters[self._used : self._used + len(encoded)] = np.frombuffer(encoded, np.uint8)
        self._used += len(encoded)
        self._series.append(series)
        self._known[hashed] = number
        return True

    def _make_room(self, number: int, letters: int) -> None:
        """For one more. What others were given stays as it is."""
        if number == len(self._facts):
            self._facts = np.concatenate([self._facts, np.zeros_like(self._facts)])
            self._places = np.concatenate([self._places, np.zeros_like(self._places)])
        if self._used + letters > len(self._letters):
            more = np.zeros(max(len(self._letters), letters), np.uint8)
            self._letters = np.concatenate([self._letters, more])


def decoded_labels(serialised: Sequence[bytes]) -> Labels:
    """Labels of 1.0 from their bytes; raises BadRequest."""
    try:
        labels = [Label.FromString(label) for label in serialised]
    except DecodeError as error:
        raise BadRequest(f"a label can't be read: {error}") from error
    return tuple((label.name, label.value) for label in labels)
