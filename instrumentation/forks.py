"""Forked children: each has its parent's memory and none of its threads, so what counts, sends or holds a lock begins anew there."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Final, Protocol


class Forgetful(Protocol):
    """What begins anew in a child."""

    def forget(self) -> None:
        """As if just made, with locks that nobody holds: what waits here is the parent's to count and to send."""


_forgetful: Final[weakref.WeakKeyDictionary[Forgetful, None]] = weakref.WeakKeyDictionary()


def forgets(*ones: Forgetful) -> None:
    """Has them begin anew in every child, in the order in which they were named, each for as long as somebody holds it."""
    _forgetful.update(dict.fromkeys(ones))


def in_child(hook: Callable[[], object]) -> None:
    """Has `hook` called in every child, where it begins."""
    if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
        os.register_at_fork(after_in_child=hook)


def _forget_all() -> None:
    for one in list(_forgetful):
        one.forget()


in_child(_forget_all)
