"""What a collector lives by, and from when on something about it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple

from ...slo import figures
from .awake import Awake


class Vital(Enum):
    """What has to go on for an outage to be told; the value is part of the key that receivers know its incident by."""

    LEDGER = "ledger"
    INGESTION = "lag/ingestion"
    EVALUATION = "lag/evaluation"
    SENDING = "lag/sending"


LIMITS: Final[Mapping[Vital, float]] = {
    Vital.LEDGER: 10.0,
    Vital.INGESTION: 30.0,
    Vital.EVALUATION: 30.0,
    Vital.SENDING: 60.0,
}
"""Seconds that each may stand still: an outage at 99.99 % has to be told within as many."""

MOST_NAMED: Final = 3
"""Receivers that are named of those that are not told."""


class VitalSigns(NamedTuple):
    """How long each stands still, in seconds, 0 where it does not.

    `ledger`: since when nothing can be written; `ingestion`: what waits longest to be committed; `evaluation`: since the last one that
    came to its end; `sending`: what waits longest to be sent, by receiver.
    """

    ledger: float = 0.0
    ingestion: float = 0.0
    evaluation: float = 0.0
    sending: Mapping[str, float] = {}

    def seen(self, awake: Awake) -> VitalSigns:
        """What can be said of them by somebody who was awake then: who slept has not seen that something stands still."""
        sending = {name: awake.seen(age) for name, age in self.sending.items()}
        return VitalSigns(awake.seen(self.ledger), awake.seen(self.ingestion), awake.seen(self.evaluation), sending)


class Trouble(NamedTuple):
    """What is wrong, in words: `summary` for a phone's lock screen, `description` says what follows and what to do."""

    vital: Vital
    summary: str
    description: str


def troubles(signs: VitalSigns) -> tuple[Trouble, ...]:
    """Everything that stands still for longer than it may."""
    return tuple(_found(signs))


def _found(signs: VitalSigns) -> Iterator[Trouble]:
    if signs.ledger > LIMITS[Vital.LEDGER]:
        yield _ledger(signs.ledger)
    if signs.ingestion > LIMITS[Vital.INGESTION]:
        yield _ingestion(signs.ingestion)
    if signs.evaluation > LIMITS[Vital.EVALUATION]:
        yield _evaluation(signs.evaluation)
    late = {name: age for name, age in signs.sending.items() if age > LIMITS[Vital.SENDING]}
    if late:
        yield _sending(late)


def _ledger(age: float) -> Trouble:
    return Trouble(
        Vital.LEDGER,
        f"the ledger can't be written for {figures.duration(int(age))}: no other alert can fire",
        "Senders are refused and keep their data for some minutes, new alerts wait. Look for a full disk, a read-only file system"
        " or a wrong owner of the data folder; the collector goes on by itself once it can write.",
    )


def _ingestion(age: float) -> Trouble:
    return Trouble(
        Vital.INGESTION,
        f"nothing was committed for {figures.duration(int(age))}: alerts judge old counts",
        "What senders bring waits. Look for a slow disk, or for more data than the machine can take (fournines_queue_requests,"
        " fournines_commit_seconds).",
    )


def _evaluation(age: float) -> Trouble:
    return Trouble(
        Vital.EVALUATION,
        f"no SLO was evaluated for {figures.duration(int(age))}: no other alert can fire",
        "Look for a machine without free CPU, and at fournines_evaluation_seconds; if it stays, restart the collector.",
    )


def _sending(late: Mapping[str, float]) -> Trouble:
    age, names = figures.duration(int(max(late.values()))), _named(sorted(late))
    return Trouble(
        Vital.SENDING,
        f"messages to {names} wait for {age}: whoever is told there does not know of alerts",
        f"What waits is sent as soon as it can be. Look for the reason in the log, and whether {names} can be reached from the collector.",
    )


def _named(names: Sequence[str]) -> str:
    """The first few: what is remembered of a trouble has little room, and a phone's lock screen less."""
    others = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {others} more" if others > 0 else "")
