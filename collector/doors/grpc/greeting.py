"""What the other end of a connection is told before anything else: how much it may send at a time."""

from __future__ import annotations

from typing import Final

from .frames import DEFAULT_WINDOW, Setting, settings, window_update
from .heads import MOST_HEAD
from .reader import MOST_FRAME
from .stream import STREAM_WINDOW

MOST_STREAMS: Final = 128
"""Calls of one connection that are read or wait at the same time; the other end is told so."""

CONNECTION_WINDOW: Final = 16 * 2**20
"""What the other end may send before it hears from us again; what comes is handed on at once."""

_TERMS: Final = {
    Setting.MAX_CONCURRENT_STREAMS: MOST_STREAMS,
    Setting.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
    Setting.MAX_FRAME_SIZE: MOST_FRAME,
    Setting.MAX_HEADER_LIST_SIZE: MOST_HEAD,
}
GREETING: Final = settings(_TERMS) + window_update(0, CONNECTION_WINDOW - DEFAULT_WINDOW)
