"""Who speaks of a call: the application whose request is being served; outside of requests, the one that came last."""

from __future__ import annotations

import weakref

from ..tracing.current import Current, current

_followers: list[weakref.ref[Current]] = []


def follow_for(outgoing: Current) -> None:
    """From now on it is asked for calls outside of requests, before those that came earlier."""
    _followers[:] = [one for one in _followers if one() not in (None, outgoing)] + [weakref.ref(outgoing)]


def followers() -> list[Current]:
    """The applications of this process that are still there, the last one first."""
    return [alive for one in reversed(_followers) if (alive := one()) is not None]


def speaker(library: str) -> Current | None:
    """Whose span a call of this library is; None where the application that serves here does not want it."""
    serving = current()
    if serving is not None:
        return serving if library in serving.clients else None
    for one in reversed(_followers):
        if (alive := one()) is not None and library in alive.clients:
            return alive
    return None
