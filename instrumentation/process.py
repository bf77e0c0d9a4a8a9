"""The end of this process: whoever sends from it says good-bye, and the end waits for that, but not for long.

A collector that gets no good-bye takes a service that stopped for one that broke.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from typing import Final, Protocol

from .clock import steady
from .forks import in_child

TIMEOUT: Final = 5.0
"""Seconds that a good-bye may take."""
LAST: Final = -1000
"""Of what is done at the end of a child of `multiprocessing`, the last: what is counted meanwhile is told too."""


class Reporter(Protocol):
    """Who has a good-bye to say."""

    def part(self, timeout: float) -> None:
        """Begins to say it, within `timeout` seconds, and waits for nothing."""

    def shutdown(self, timeout: float) -> object:
        """Says it, waiting at most `timeout` seconds."""


_senders: Final[weakref.WeakSet[Reporter]] = weakref.WeakSet()
_parting: Final[set[threading.Thread]] = set()
_children: Final[set[int]] = set()
"""Process ids of children whose end is heard of."""


def begun(sender: Reporter) -> None:
    """It sends from now on: it has to say good-bye before this process ends."""
    _senders.add(sender)
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None and os.getpid() not in _children:
        from multiprocessing.util import Finalize

        # Children that `multiprocessing` forked end without the interpreter's own end, and have a list of their own.
        _children.add(os.getpid())
        Finalize(None, say_goodbyes, exitpriority=LAST)


def ended(sender: Reporter) -> bool:
    """It sends no more; False if it had not begun."""
    if sender not in _senders:
        return False
    _senders.discard(sender)
    return True


def outlives(thread: threading.Thread) -> None:
    """Has the end wait for the good-bye of a sender that nobody holds any more."""
    _parting.difference_update([one for one in _parting if not one.is_alive()])
    _parting.add(thread)


def say_goodbyes() -> None:
    """Everybody's, at once: a collector that hangs holds the end up for one time-out, however many they are."""
    deadline = steady() + TIMEOUT
    senders = list(_senders)
    for sender in senders:
        sender.part(TIMEOUT)
    for sender in senders:
        sender.shutdown(max(0.0, deadline - steady()))
    for thread in list(_parting):
        thread.join(max(0.0, deadline - steady()))


in_child(_senders.clear)
in_child(_parting.clear)
atexit.register(say_goodbyes)
