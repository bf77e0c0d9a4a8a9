"""What became of a message, in words: the last answer to whoever asks why they were woken, or why they were not."""

from __future__ import annotations

from typing import Final

from .decision import Decision, Ruling
from .delivery import Stage
from .notification import Action
from .notifier import DELIVERED, NOT_SHOWN

STAGE = "sending"
"""What comes after all stages that decide."""

_UNHEARD: Final = "; it is no longer configured, and hears nothing of the end"


def sending(
    receiver: str,
    action: str,
    state: str,
    attempts: int,
    reason: str,
    instead_of: str | None,
    at: float,
    *,
    gone: bool = False,
) -> Decision:
    """The decision of a receiver about the newest message to it; `at` is when it was made, or the message kept.

    One that is `gone` is not configured any more, and hears nothing further.
    """
    words = _words(receiver, Action(action).news, Stage(state), attempts, reason)
    place, end = f", in place of {instead_of}" if instead_of else "", _UNHEARD if gone else ""
    return Decision(STAGE, _ruling(Stage(state), reason), words + place + end, at)


def _ruling(stage: Stage, reason: str) -> Ruling:
    if stage is not Stage.DELIVERED:
        return Ruling.HELD
    return Ruling.QUIET if reason == NOT_SHOWN.reason else Ruling.TOLD


def _words(receiver: str, news: str, stage: Stage, attempts: int, reason: str) -> str:
    if stage is Stage.DELIVERED:
        verb = "is not told" if reason == NOT_SHOWN.reason else "was told"
        return f"{receiver} {verb} {news}" + ("" if reason == DELIVERED.reason else f": {reason}")
    if stage is Stage.PENDING and not attempts:
        return f"{receiver} is about to be told {news}"
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    verb = {
        Stage.PENDING: f"is not told yet {news}, after {times}",
        Stage.REJECTED: f"can't be told {news}",
        Stage.GIVEN_UP: f"was never told {news}, in {times}",
    }[stage]
    return f"{receiver} {verb}: {reason}"
