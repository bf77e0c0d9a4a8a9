"""What goes wrong between a client and its collector.

ClientError
|- Unreachable     nobody answers there, or in time; or the address can be none
|- Refused         the collector says why not: `status` and `detail`
`- NotACollector   something answers, but not as a collector of this version does
"""

from __future__ import annotations

from ..answers import Problem


class ClientError(Exception):
    """A question was not answered; the text says why, in a sentence without a full stop."""


class Unreachable(ClientError):
    """Nobody answers there: no server, no such host, too late, or an address that can be none."""


class Refused(ClientError):
    """The collector refuses, and its `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem["detail"])
        self.problem = problem

    @property
    def status(self) -> int:
        """Which kind of refusal: 404 what is not there, 409 what can't be any more, 422 what can't be asked, 5xx not now."""
        return self.problem["status"]


class NotACollector(ClientError):
    """What answers is no collector, or one of another version."""
