"""Operational paths that stand in for a route: health checks often come from frameworks that set none.

Which attribute is asked is the first there is of `url.path`, `http.target`, `url.full` and `http.url`. A path ends before the first `?`
or `#`, and slashes at its end do not count. In what begins with `scheme://` it begins with the slash behind the host.
"""

from __future__ import annotations

from typing import Final

from .compiled import Bytes, helper
from .keys import Keys, find
from .wire import byte

_SLASH: Final = ord("/")
_COLON: Final = ord(":")
_QUESTION: Final = ord("?")
_HASH: Final = ord("#")


@helper
def operational(buf: Bytes, at: int, end: int, routes: Keys) -> tuple[int, int]:
    """Where the path in a slice begins, and its size; the size is 0 where it is none of `routes`."""
    stop = _path_end(buf, at, end)
    slash = _slash(buf, at, stop)
    if at < slash < stop - 1 and byte(buf, slash - 1) == _COLON and byte(buf, slash + 1) == _SLASH:
        at = _slash(buf, slash + 2, stop)
    while stop > at and byte(buf, stop - 1) == _SLASH:
        stop -= 1
    return at, stop - at if find(buf, at, stop - at, routes) >= 0 else 0


@helper
def _path_end(buf: Bytes, at: int, end: int) -> int:
    while at < end and byte(buf, at) != _QUESTION and byte(buf, at) != _HASH:
        at += 1
    return at


@helper
def _slash(buf: Bytes, at: int, end: int) -> int:
    while at < end and byte(buf, at) != _SLASH:
        at += 1
    return at
