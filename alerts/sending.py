"""What became of a message, in words: the last answer to whoever asks why they were woken, or why they were not."""

from __future__ import annotations

from .decision import Decision, Ruling
from .delivery import Stage

STAGE = "sending"
"""What comes after all stages that decide."""


def sending(
    receiver: str, action: str, state: str, attempts: int, reason: str, instead_of: str | None, at: float
) -> Decision:
    """The decision of a receiver about the newest message to it; `at` is when it was made, or the message kept."""
    stage = Stage(state)
    ruling = Ruling.TOLD if stage is Stage.DELIVERED else Ruling.HELD
    place = f", in place of {instead_of}" if instead_of else ""
    return Decision(STAGE, ruling, _words(receiver, action, stage, attempts, reason) + place, at)


def _words(receiver: str, action: str, stage: Stage, attempts: int, reason: str) -> str:
    if stage is Stage.DELIVERED:
        return f"{receiver} took the {action}" + ("" if reason == "accepted" else f": {reason}")
    if stage is Stage.REJECTED:
        return f"{receiver} refused the {action}: {reason}"
    if stage is Stage.GIVEN_UP:
        return f"{receiver} never took the {action}: {reason}"
    if not attempts:
        return f"the {action} waits for {receiver}"
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return f"{receiver} has not taken the {action} in {times}: {reason}"
