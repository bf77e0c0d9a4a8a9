"""The services that were heard: what each sent that counts, since when, and when it was heard last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ...slo import DAY, HTTP_SERVER_DURATION, MESSAGE_DURATION, SPANS
from ..ledger.staged import Staged
from .automatic import WORK

MOST_SERVICES: Final = 1_000
LONGEST_NAME: Final = 200

PINNED_AFTER: Final = 60.0
"""Seconds from a service's first counted export until its automatic SLOs keep to one signal."""


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service that was heard. `counted` is when it first sent something that counts; `pinned` the signal that counts for good.

    `metrics`, `spans` and `segments` say what it ever sent of the kind that counts: X-Ray's segments are kept apart from OTLP's spans.
    `heard` is when it was heard last, and may be a day behind; 0 where nobody wrote it down. `work` is the signal of work that is no
    request, where it sent any before it was pinned.
    """

    name: str
    first: float
    counted: float | None = None
    metrics: bool = False
    spans: bool = False
    pinned: str | None = None
    segments: bool = False
    heard: float = 0.0
    work: str | None = None

    @property
    def signal(self) -> str:
        """What its automatic SLOs show: metrics unless only spans or segments were seen, and work where it serves no requests at all."""
        if self.pinned:
            return self.pinned
        if self.metrics:
            return HTTP_SERVER_DURATION
        return SPANS if self.spans or self.segments else self.work or HTTP_SERVER_DURATION

    def served(self, now: float, *, metrics: bool, spans: bool, segments: bool) -> KnownService:
        """Itself after an export that told of requests, or of none. Who served nothing but work before chooses anew."""
        if self.metrics >= metrics and self.spans >= spans and self.segments >= segments:
            return self
        anew = self.counted is None or self.pinned in WORK
        return replace(
            self,
            counted=now if anew else self.counted,
            pinned=None if anew else self.pinned,
            metrics=self.metrics or metrics,
            spans=self.spans or spans,
            segments=self.segments or segments,
        )

    def worked(self, signal: str, now: float) -> KnownService:
        """Itself after an export that told how long messages or operations took. Messages stand above operations."""
        if self.pinned is not None or self.work in (signal, MESSAGE_DURATION):
            return self
        return replace(self, work=signal, counted=now if self.counted is None else self.counted)

    def settled(self, now: float) -> KnownService:
        """Itself, pinned to what it shows once its minute is over."""
        if self.pinned is not None or self.counted is None or now < self.counted + PINNED_AFTER:
            return self
        return replace(self, pinned=self.signal)


class Services:
    """All services, in the ledger's table `service`. A part of the registry, which decides what becomes of them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._services: Staged[str, KnownService] = Staged(
            (name, KnownService(name, first, counted, bool(metrics), bool(spans), pinned, bool(segments), heard, work))
            for name, first, counted, metrics, spans, pinned, segments, heard, work in connection.execute(
                "SELECT * FROM service"
            )
        )
        self._heard: dict[str, float] = {}
        """When each was heard last, as the open transaction sees it, since the start."""

    @property
    def kept(self) -> Mapping[str, KnownService]:
        """Those that are committed."""
        return self._services.kept

    def get(self, name: str) -> KnownService | None:
        """A service, as the open transaction sees it."""
        return self._services.get(name)

    def __iter__(self) -> Iterator[KnownService]:
        """All of them, as the open transaction sees them."""
        return iter([service for _, service in self._services.items()])

    def has_room(self, name: str) -> bool:
        """Whether another service of this name may be taken."""
        return len(self._services) < MOST_SERVICES and len(name) <= LONGEST_NAME

    def put(self, service: KnownService) -> None:
        """Stages what is known of a service."""
        self._services.put(service.name, service)

    def hear(self, name: str, now: float) -> None:
        """Notes that a service was heard."""
        self._heard[name] = now

    def remove(self, name: str) -> None:
        """Stages the going of a service."""
        self._services.remove(name)
        self._heard.pop(name, None)

    def date(self, heard: Mapping[str, float], now: float) -> None:
        """Stages when services were heard last, where the ledger is a day behind or more. `heard` knows of further signs of life."""
        for service in self:
            last = max(self._last(service), heard.get(service.name, 0.0)) or now
            last = min(last, now)  # a clock that was ahead does not keep it
            if abs(last - service.heard) >= DAY:
                self.put(replace(service, heard=last))

    def unheard(self, before: float) -> list[str]:
        """Those that were last heard before that second; call `date` first."""
        return [service.name for service in self if self._last(service) < before]

    def _last(self, service: KnownService) -> float:
        return max(service.heard, self._heard.get(service.name, 0.0))

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._services.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what is known of services, and removes those that go."""
        changes = self._services.changes
        connection.executemany(
            "DELETE FROM service WHERE name = ?", [(name,) for name, service in changes.items() if service is None]
        )
        connection.executemany(
            "INSERT OR REPLACE INTO service VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (s.name, s.first, s.counted, s.metrics, s.spans, s.pinned, s.segments, s.heard, s.work)
                for s in changes.values()
                if s
            ],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        self._services.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._services.forget()
