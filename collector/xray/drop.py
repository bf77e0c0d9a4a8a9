"""Why something that came from X-Ray was not counted: nobody can be told over UDP, so each reason is a metric."""

from __future__ import annotations

from enum import Enum


class DropReason(Enum):
    """Why a datagram or a document was dropped; the value is the metric's label."""

    TRUNCATED = "truncated"
    SOCKET_FULL = "socket_full"
    SPILLOVER = "spillover"
    HEADER = "header"
    EMPTY = "empty"
    JSON = "json"
    TOO_DEEP = "too_deep"
    NAME = "name"
    ID = "id"
    TRACE_ID = "trace_id"
    PARENT_ID = "parent_id"
    TIME = "time"
    OTLP = "otlp"
    REPEATED = "repeated"
    REFUSED = "refused"
    FAULT = "fault"


class Dropped(Exception):
    """Something can't be read, for one reason."""

    def __init__(self, reason: DropReason) -> None:
        super().__init__(reason.value)
        self.reason = reason
