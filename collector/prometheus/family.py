"""Families: what each one's series said last, what of a scrape has come, and when that is all there is to it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .layout import ScrapeLayout
from .rows import PartSample, Row, Value
from .translation import SeriesKind, TranslatedSeries

CLASSIC: Final = 16
"""Bytes of a member's key; a native histogram's is longer, and counts nothing beside the classic one of the same events."""


@dataclass(slots=True)
class Member:
    """One histogram or counter: its parts with what each said last, when it first came, and until when it is dealt with.

    An `odd` one is not expected to have the boundaries of others.
    """

    parts: dict[float, tuple[int, Value]] = field(default_factory=dict)
    first: int = 0
    dealt: int = 0
    counted: bool = False
    odd: bool = False
    lacking: frozenset[float] = frozenset()

    def copy(self) -> Member:
        """Another one, to be changed."""
        return Member(self.parts.copy(), self.first, self.dealt, self.counted, self.odd, self.lacking)


@dataclass(slots=True)
class PendingScrape:
    """What came for one time, by member and part. `since` is when the first of it did."""

    since: float
    parts: dict[bytes, dict[float, PartSample]] = field(default_factory=dict)

    def copy(self) -> PendingScrape:
        """Another one, to be changed."""
        return PendingScrape(self.since, {member: parts.copy() for member, parts in self.parts.items()})


@dataclass(slots=True)
class Family:
    """One metric of one target. `counted` is the newest time that was, 0 before any.

    `stored` are the times the table has rows of, and `added` what came since: what waits is written once, however often more comes.
    """

    members: dict[bytes, Member] = field(default_factory=dict)
    scrapes: dict[int, PendingScrape] = field(default_factory=dict)
    counted: int = 0
    heard: float = 0.0
    stored: frozenset[int] = frozenset()
    added: list[tuple[int, PartSample]] = field(default_factory=list)

    def copy(self) -> Family:
        """Another one, to be changed."""
        members = {key: member.copy() for key, member in self.members.items()}
        scrapes = {time: scrape.copy() for time, scrape in self.scrapes.items()}
        return Family(members, scrapes, self.counted, self.heard, self.stored)

    @property
    def changed(self) -> bool:
        """Whether anything of it is to be written."""
        return bool(self.added) or not self.stored <= self.scrapes.keys()

    def is_settled(self, series: int) -> bool:
        """Whether its members were all counted at the same time last, have so many series, and nothing of it waits or is written."""
        if not self.counted or self.scrapes or self.stored or self.added or len(self.members) > series:
            return False
        members = self.members.items()
        return sum(len(member.parts) for _, member in members) == series and all(
            len(key) == CLASSIC and member.counted and all(time == self.counted for time, _ in member.parts.values())
            for key, member in members
        )

    def has_all(self, series: Sequence[TranslatedSeries]) -> bool:
        """Whether these are the series of all its members' parts."""
        parts = {(key, boundary) for key, member in self.members.items() for boundary in member.parts}
        return parts == {(one.member, one.boundary) for one in series}

    def shape(self) -> frozenset[float]:
        """The boundaries that members have which were counted: what a new one is expected to have."""
        classic = (member for key, member in self.members.items() if member.counted and len(key) == CLASSIC)
        return frozenset(part for member in classic for part in member.parts)

    def missing(self, key: bytes, parts: dict[float, PartSample], shape: frozenset[float]) -> frozenset[float]:
        """The parts of a member that have not come; no histogram is one without `+Inf`."""
        member = self.members[key]
        expected = frozenset(member.parts)
        if not (member.counted or member.odd) and len(key) == CLASSIC:
            expected |= shape
        if any(told.series.kind is SeriesKind.BUCKET for told in parts.values()):
            expected |= {math.inf}
        return expected - parts.keys()

    def is_whole(self, time: int) -> bool:
        """Whether all that is expected for a time has come."""
        scrape = self.scrapes[time]
        expected = (key for key, member in self.members.items() if member.counted and member.dealt < time)
        if not self.counted or (time > self.counted and not all(key in scrape.parts for key in expected)):
            return False
        shape = self.shape()
        return not any(self.missing(key, parts, shape) for key, parts in scrape.parts.items())

    def close(self, time: int) -> Iterator[Row]:
        """Lets a scrape go for which nothing more will come: its whole members, in no order."""
        scrape, shape = self.scrapes.pop(time), self.shape()
        for key, parts in scrape.parts.items():
            member = self.members[key]
            member.dealt = max(member.dealt, time)
            if not self.missing(key, parts, shape):
                if len(key) == CLASSIC or key[:CLASSIC] not in scrape.parts:
                    yield from self._told(member, time, list(parts.values()))
                member.counted, member.lacking = True, frozenset()
        self.counted = max(self.counted, time)

    @staticmethod
    def _told(member: Member, time: int, parts: list[PartSample]) -> Iterator[Row]:
        """A member that came earlier and was incomplete then is judged by that time: it is no newer than it was."""
        if not member.counted and member.first < time:
            yield Row(member.first, parts)
        yield Row(time, parts)

    def give_up(self, time: int) -> Iterator[Row]:
        """The same where the time to wait is over: who did not come is not expected again, nor what was away twice."""
        scrape, shape = self.scrapes[time], self.shape()
        for key, parts in scrape.parts.items():
            member, missing = self.members[key], self.missing(key, parts, shape)
            if missing and (missing == member.lacking or not shape):
                member.parts = {part: told for part, told in member.parts.items() if part in parts}
                member.odd = True
            member.lacking = missing
        if time > self.counted:
            for key in [key for key, member in self.members.items() if key not in scrape.parts and member.dealt < time]:
                if all(told < time for told, _ in self.members[key].parts.values()):
                    del self.members[key]
        yield from self.close(time)


@dataclass(frozen=True, slots=True)
class Settled:
    """A family all of whose series said the same `time` last, in one scrape that was counted; nothing of it waits."""

    layout: ScrapeLayout
    time: int
    values: NDArray[np.float64]
    heard: float
    scrapes: Mapping[int, PendingScrape] = field(default_factory=dict, init=False)
    changed: bool = field(default=False, init=False)

    @property
    def members(self) -> Collection[bytes]:
        """The members there are."""
        return self.layout.members

    def copy(self) -> Family:
        """The same as what may change part by part."""
        family = Family(counted=self.time, heard=self.heard)
        for series, value in zip(self.layout.series, self.values.tolist(), strict=True):
            member = family.members.setdefault(series.member, Member(dealt=self.time, counted=True))
            member.parts[series.boundary] = self.time, value
        return family
